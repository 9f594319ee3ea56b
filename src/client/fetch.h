#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/exchange/call.h"
#include "ports/transport.h"

namespace troika::client {

enum class Protocol : std::uint8_t { h1, h2, h3, h1_plain, h2_plain };

// Which requests go out as early data, which an attacker can replay (RFC 8470 §4).
enum class Early : std::uint8_t { none, safe_requests, all };

class Fetch;

// A connection to a server, of any protocol. Created and owned by a Client.
class Connection {
 public:
  class Owner {
   public:
    virtual void on_dirty(Connection& connection) noexcept = 0;  // wants a flush()

   protected:
    ~Owner() = default;
  };

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;
  virtual bool ready() const noexcept = 0;   // session() accepts requests
  virtual bool closed() const noexcept = 0;  // lost, refused or ended, for good
  // `connect` or `handshake`: what goes on, or what has failed when it is closed. `send`: the
  // handshake was completed.
  virtual CallStep step() const noexcept = 0;
  virtual Error close_reason() const noexcept = 0;
  // close_reason() for a person, with what was tried.
  virtual std::string why() const { return std::string(close_reason().detail); }
  virtual ClientSession& session() noexcept = 0;  // once ready, until destroyed
  virtual const SecurityInfo& security() const noexcept = 0;
  // Resumption data for Client::connect() to the same host; empty: the server has sent none.
  virtual std::vector<std::byte> resumption() const { return {}; }
  virtual void close() = 0;  // gives up requests in flight

  // HTTP/3. False: not possible now, or not HTTP/3.
  virtual bool update_key() { return false; }
  virtual bool move() { return false; }  // to another local port

  // Called in the owner's flush: acts and writes. True: more can be written now.
  virtual bool flush(TimePoint now) = 0;

  void set_owner(Owner* owner) noexcept { owner_ = owner; }  // outlives it; null: nobody is asked

  bool dirty = false;                                      // used by the owner: on its list
  std::list<std::unique_ptr<Connection>>::iterator place;  // used by the owner
  std::vector<Fetch*> waiting;                             // used by the owner: until it is ready

 protected:
  void mark_dirty() noexcept {
    if (owner_ != nullptr) owner_->on_dirty(*this);
  }

 private:
  Owner* owner_ = nullptr;
};

// One request and its response. The body is read in the client's flush, unless it is paused.
class Fetch final : private Receiver, private Waker {
 public:
  using Sink = std::move_only_function<void(std::span<const std::byte>)>;
  class Owner {
   public:
    virtual void on_dirty(Fetch& fetch) noexcept = 0;  // wants a pump()

   protected:
    ~Owner() = default;
  };

  // With an empty sink the content is collected in `body`. A null `request_body` is none.
  Fetch(const Request& request, std::unique_ptr<BodySource> request_body, Sink sink = {},
        const CallTimeouts& timeouts = {});
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  // Starts the request on `session`, which outlives the fetch; failed() tells when it could not.
  void begin(ClientSession& session);
  // Begins when the connection is ready for it, and fails when that can not be any more. False: it
  // still waits.
  bool begin_if_ready(Connection& connection);
  bool pump();  // reads the available bytes; true: there were some
  void cancel() noexcept;
  CallStep step() const noexcept;  // once it has begun
  // Fails, if it is not done, and stops the request. `before`: the step, if it has not begun.
  void fail(AbortReason reason, CallStep before);

  void set_paused(bool on);  // true: the response body is not read
  bool paused() const noexcept { return paused_; }
  bool done() const noexcept { return ended_ || failed(); }  // complete or failed
  bool failed() const noexcept { return failure_.has_value(); }
  Failure failure() const noexcept { return failure_.value_or(Failure{}); }
  bool has_head() const noexcept { return head_.has_value(); }
  std::uint16_t status() const noexcept { return head_ ? head_->status : std::uint16_t{0}; }
  const HeaderMap& headers() const noexcept { return head_->headers; }
  const HeaderMap& trailers() const noexcept { return trailers_; }
  std::uint64_t received() const noexcept { return received_; }  // content bytes
  unsigned informational() const noexcept { return informational_; }
  std::string body;

  void set_owner(Owner* owner) noexcept { owner_ = owner; }  // outlives it; null: nobody is asked

  bool dirty = false;                                 // used by the owner: on its list
  std::list<std::unique_ptr<Fetch>>::iterator place;  // used by the owner
  Connection* waits_for = nullptr;                    // used by the owner: null once it has begun
  Early early = Early::none;                          // used by the owner
  std::optional<Timer> limit;                         // used by the owner: for all of it

 private:
  void take(const Slice& bytes);
  bool may_be_early() const noexcept;
  void wake() noexcept override {
    if (owner_ != nullptr) owner_->on_dirty(*this);
  }
  void on_informational(const ResponseHead&) override { ++informational_; }
  void on_head(ResponseHead head) override;
  void on_failed(const Failure& failure) override { failure_ = failure; }

  Request request_;
  CallTimeouts timeouts_;
  std::unique_ptr<BodySource> request_body_;
  bool has_body_;
  Sink sink_;
  std::optional<ResponseHead> head_;
  std::optional<Failure> failure_;
  HeaderMap trailers_;
  std::uint64_t received_ = 0;
  unsigned informational_ = 0;
  bool paused_ = false, ended_ = false, cancelled_ = false;
  Owner* owner_ = nullptr;
  CallHandle call_;
};

}  // namespace troika::client
