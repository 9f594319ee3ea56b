#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "http/exchange/incoming.h"
#include "http/exchange/outgoing.h"
#include "http/message/body.h"
#include "http/message/message.h"
#include "http/message/request_builder.h"

namespace troika {

// What one protocol stream offers to the end of its messages; implemented by h1, h2 and h3. Every
// method only records and marks the connection dirty; the session acts on the records at the start
// of produce(), with no engine on the stack.
class StreamPort {
 public:
  virtual void send_informational(const ResponseHead& head) = 0;
  virtual void send_head(const ResponseHead& head, BodyFraming framing) = 0;  // at most once
  virtual void body_ready() noexcept = 0;                  // pull() may return more now
  virtual void credit(std::size_t consumed) noexcept = 0;  // open the peer's window by these bytes
  // The rest of what the peer sends is unwanted. Not an error.
  virtual void stop_receiving(AbortReason reason) noexcept = 0;
  virtual void reset(AbortReason reason) noexcept = 0;  // both directions, at once

 protected:
  ~StreamPort() = default;
};

// Our end of the two messages of one protocol stream: what a stream faces, be it a server's (then
// it is an Exchange) or a client's (a Call). Owned by the stream (the StreamPort), which outlives
// it. The stream calls:
//
//   on_field(), on_head_end()            the head as it comes (h2, h3); 1xx before it
//   on_body(), on_field(), on_end()      then its content, trailers and end
//   advance()                            in produce(), no engine on the stack: acts on what came
//   pull(), on_end_framed(), on_sent()   while there is room to send
//   on_peer_reset(), on_peer_abort()     it ends early
//   on_closed()                          both directions are over; nothing comes after it
//
// All except advance() and on_deadline() may be called with an engine on the stack: the only
// foreign code that they run is BodySource::pull, a call's Receiver, which only records, and
// destructors.
class MessageEnd : private Incoming::Feedback, private Outgoing::Feedback {
 public:
  MessageEnd(const MessageEnd&) = delete;
  MessageEnd& operator=(const MessageEnd&) = delete;

  // A line of the head, pseudo fields included, or of the trailers.
  void on_field(std::string_view name, std::string_view value);
  // The head is complete. end: the message as well. A failure is as that of on_body().
  virtual Status on_head_end(bool end) = 0;
  // `limit`: the peer exceeded its window; `protocol`: the content does not match its
  // Content-Length (RFC 9110 §8.6).
  Status on_body(std::span<const std::byte> bytes);
  Status on_end();  // with the trailers that came; `limit`: they are too many
  Status on_trailers(HeaderMap trailers);

  virtual void advance() = 0;
  // An error means: reset this stream; this end is aborted already.
  virtual Result<Pulled> pull(std::size_t max_bytes) = 0;
  const HeaderMap& trailers() const noexcept { return outgoing_.trailers(); }
  void on_end_framed() noexcept { outgoing_.on_end_framed(); }
  void on_sent(std::size_t bytes) noexcept;
  void on_all_sent() noexcept { outgoing_.on_all_sent(); }  // for sessions without on_sent()
  // The connection sent bytes at that time, and this message only waits for its turn: the write
  // deadline counts from then.
  void on_progress(TimePoint progress) noexcept {
    if (progress > last_progress_) last_progress_ = progress;
  }

  // The peer gives up what it sends. wire_code: its HTTP/2 or HTTP/3 error code. Does nothing when
  // the rest is not needed; else this end is aborted.
  virtual void on_peer_reset(AbortReason reason, std::uint64_t wire_code) noexcept = 0;
  virtual void on_peer_abort(AbortReason reason) noexcept = 0;  // unless it is closed or aborted
  virtual void on_closed() noexcept = 0;

  virtual TimePoint deadline() const noexcept = 0;
  virtual void on_deadline(TimePoint now) = 0;

  Receiving receiving() const noexcept { return incoming_.state(); }
  Sending sending() const noexcept { return outgoing_.state(); }
  bool content_pulled() const noexcept { return outgoing_.complete(); }  // all that we send
  bool aborted() const noexcept { return aborted_ != AbortReason::none; }

 protected:
  MessageEnd(StreamPort& port, BufferPool& pool, const Clock& clock, const Limits& limits,
             std::size_t window) noexcept
      : port_(port),
        clock_(clock),
        limits_(limits),
        incoming_(pool, window, *this),
        outgoing_(*this) {}
  ~MessageEnd() = default;

  virtual void on_head_field(std::string_view name, std::string_view value) = 0;
  void progress() noexcept { last_progress_ = clock_.now(); }

  StreamPort& port_;
  const Clock& clock_;
  const Limits& limits_;
  Incoming incoming_;
  Outgoing outgoing_;
  TimePoint last_progress_;
  AbortReason aborted_ = AbortReason::none;

 private:
  void on_source_ready() noexcept final;
  void on_consumed(std::size_t bytes) noexcept final { port_.credit(bytes); }

  std::optional<TrailerBuilder> trailers_;
};

}  // namespace troika
