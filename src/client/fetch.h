#pragma once
#include <cstdint>
#include <functional>
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

// How long a TCP connection may take to become ready.
struct ConnectTimes {
  Duration connect = std::chrono::seconds(5);  // TCP and TLS together
  Duration tls = std::chrono::seconds(5);      // the part of it after TCP has connected
};

// A connection to a server, of any protocol. Created and owned by a Client.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual bool ready() const noexcept = 0;   // session() accepts requests
  virtual bool closed() const noexcept = 0;  // lost, refused or ended, for good
  virtual Error close_reason() const noexcept = 0;
  virtual ClientSession& session() noexcept = 0;  // once ready, until destroyed
  virtual const SecurityInfo& security() const noexcept = 0;
  // Resumption data for Client::connect() to the same host; empty: the server has sent none.
  virtual std::vector<std::byte> resumption() const { return {}; }
  virtual void close() = 0;  // gives up requests in flight

  // Called in the owner's flush: acts and writes. True: more can be written now.
  virtual bool flush(TimePoint now) = 0;
};

// One request and its response. The body is read in the client's flush unless `paused` is set.
class Fetch final : private Receiver {
 public:
  using Sink = std::move_only_function<void(std::span<const std::byte>)>;

  // Starts the request on `session`, which outlives the fetch; failed() tells when it could not.
  // With an empty sink the content is collected in `body`. If not `now`, only begin() starts it.
  Fetch(ClientSession& session, const Request& request, std::unique_ptr<BodySource> request_body,
        Sink sink = {}, bool now = true, const CallTimeouts& timeouts = {});
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  void begin();  // unless it was cancelled
  bool pump();   // reads the available bytes; true: there were some
  void cancel() {
    cancelled_ = true;
    call_.reset();
  }

  bool paused = false;                                       // true: the response body is not read
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

 private:
  void take(const Slice& bytes);
  void on_informational(const ResponseHead&) override { ++informational_; }
  void on_head(ResponseHead head) override { head_ = std::move(head); }
  void on_failed(const Failure& failure) override { failure_ = failure; }

  ClientSession& session_;
  Request request_;
  CallTimeouts timeouts_;
  std::unique_ptr<BodySource> request_body_;
  Sink sink_;
  std::optional<ResponseHead> head_;
  std::optional<Failure> failure_;
  HeaderMap trailers_;
  std::uint64_t received_ = 0;
  unsigned informational_ = 0;
  bool ended_ = false, cancelled_ = false;
  CallHandle call_;
};

}  // namespace troika::client
