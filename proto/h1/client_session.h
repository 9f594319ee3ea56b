#pragma once
#include <memory>
#include <span>
#include <vector>

#include "proto/h1/parser.h"
#include "proto/h1/stream.h"
#include "proto/session/byte_session.h"

namespace troika::h1 {

class ClientStream;

// The responses to our requests: bytes in, calls of the stream out. The rules for responses are
// those of the stream's Call; here is what only h1 has, the end of the content and of the
// connection (RFC 9112 §6.3, §9.3).
class ResponseReader final : private Parser::Sink {
 public:
  explicit ResponseReader(const Limits& limits) : parser_(limits, *this) {}

  void begin(ClientStream& stream);  // what comes next is for it
  // How many bytes it used: fewer than given at the end of a head, and of the response, after which
  // it is not called again.
  std::size_t read(std::span<const std::byte> bytes);
  bool until_close() const noexcept;  // the content that comes ends with the connection

 private:
  bool on_field(std::string_view name, std::string_view value, bool trailer) override;
  bool on_body(std::span<const std::byte> bytes) override;
  void begin_head();
  void end_of_head();

  bool takes_tunnel() const;  // 101 is the answer to our upgrade
  Parser parser_;
  MessageFields fields_;
  std::string accept_;
  ClientStream* stream_ = nullptr;
};

// The client side of one HTTP/1.1 connection, with one request in flight at a time.
class ClientSession final : public ClientByteSession {
 public:
  ClientSession(const CallServices& services, SessionHost& host)
      : services_(services),
        host_(host),
        reader_(services.limits),
        idle_since_(services.clock.now()) {}

  Result<CallHandle> start(Request request, std::unique_ptr<BodySource> body, Receiver& receiver,
                           const CallTimeouts& timeouts) override;
  std::size_t free() const noexcept override;
  bool idle() const noexcept override { return current_ == nullptr; }
  bool draining() const noexcept override;

  Status receive(std::span<const std::byte> bytes, TimePoint now) override;
  void receive_end(TimePoint now) override;
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) override;
  void on_written(std::size_t bytes, TimePoint now) noexcept override;
  void on_progress(TimePoint now) noexcept override { progress_at_ = now; }
  Interest interest() const noexcept override;
  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;
  void drain() override;
  void abort(AbortReason reason) noexcept override;

 private:
  bool over() const noexcept { return phase_ >= Phase::over; }
  std::size_t consume(std::span<const std::byte> bytes);
  bool consume_buffered();
  void on_input_end();
  void settle();
  void end(Phase phase, AbortReason reason) noexcept;
  void free_streams() noexcept;

  const CallServices& services_;
  SessionHost& host_;
  ResponseReader reader_;
  std::vector<std::byte> buffered_;  // received, but the call's window has no room
  // The one in flight, and those that their users still hold or whose bytes are in the queue.
  std::vector<std::unique_ptr<ClientStream>> streams_;
  ClientStream* current_ = nullptr;  // in flight
  Ledger ledger_;
  TimePoint progress_at_;
  TimePoint idle_since_;  // without a request in flight
  Phase phase_ = Phase::open;
  bool peer_ended_ = false;
};

// The arguments outlive the session.
std::unique_ptr<ClientByteSession> make_client_session(const CallServices& services,
                                                       SessionHost& host);

}  // namespace troika::h1
