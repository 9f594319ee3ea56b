#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/account.h"
#include "base/pace.h"
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
  virtual void send_head(ResponseHead&& head, BodyFraming framing) = 0;  // at most once
  virtual void body_ready() noexcept = 0;                  // pull() may return more now
  virtual void credit(std::size_t consumed) noexcept = 0;  // open the peer's window by these bytes
  virtual void mark_dirty() noexcept = 0;                  // advance() has something to do
  // The rest of what the peer sends is unwanted. Not an error.
  virtual void stop_receiving(AbortReason reason) noexcept = 0;
  virtual void reset(AbortReason reason) noexcept = 0;  // both directions, at once
  virtual Account& account() noexcept = 0;  // of the connection: what is held for its peer

 protected:
  ~StreamPort() = default;
};

// What the two messages of a stream make together. A tunnel (RFC 9110 §9.3.6) has bytes both ways,
// each until its own side ends; it is over when both have.
enum class Shape : std::uint8_t { message, tunnel };

// Our end of the two messages of one protocol stream: what a stream faces, be it a server's (then
// it is an Exchange) or a client's (a Call). Owned by the stream (the StreamPort), which outlives
// it. The stream calls:
//
//   on_field(), on_head_end()            the head as it comes (h2, h3); 1xx before it
//   on_body(), on_field(), on_end()      then its content, trailers and end
//   advance()                            in produce(), no engine on the stack: acts on what came
//   pull(), on_end_framed(), on_sent()   while there is room to send
//   on_peer_reset(), on_peer_abort(),    it ends early
//   on_fault()
//   on_closed()                          both directions are over; nothing comes after it
//
// All except advance() and on_deadline() may be called with an engine on the stack: the only
// foreign code that they run is BodySource::pull, a call's Receiver, which only records, and
// destructors.
class MessageEnd : private Incoming::Feedback, private Outgoing::Feedback {
 public:
  MessageEnd(const MessageEnd&) = delete;
  MessageEnd& operator=(const MessageEnd&) = delete;

  // A line of the head, pseudo fields included, or of the trailers. False: the section is so far
  // above its limits that the rest of it must not be decoded.
  bool on_field(std::string_view name, std::string_view value);
  // The head is complete. end: the message as well. A failure is as that of on_body().
  virtual Status on_head_end(bool end) = 0;
  // `limit`: the peer exceeded its window; `protocol`: the content does not match its
  // Content-Length (RFC 9110 §8.6).
  Status on_body(std::span<const std::byte> bytes);
  Status on_end();  // with the trailers that came; `limit`: they are too many
  Status on_trailers(HeaderMap trailers);

  virtual void advance() = 0;
  // What the stream will pull: see BodySource.
  void prefer(const Pieces& pieces) noexcept { outgoing_.prefer(pieces); }
  void expect(std::size_t bytes) noexcept { outgoing_.expect(bytes); }
  // An error means: reset this stream; this end is aborted already.
  virtual Result<Pulled> pull(std::size_t max_bytes) = 0;
  const HeaderMap& trailers() const noexcept { return outgoing_.trailers(); }
  void on_end_framed() noexcept { outgoing_.on_end_framed(); }
  void on_sent(std::size_t bytes) noexcept;
  void on_all_sent() noexcept { outgoing_.on_all_sent(); }  // for sessions without on_sent()
  std::uint64_t sent() const noexcept { return outgoing_.sent(); }  // content that left the process
  // This message only waits for its turn on a connection whose own pace is held, and which moved
  // bytes at that time: the write deadline counts from then, and no other.
  void on_progress(TimePoint progress) noexcept;
  // The same where nobody else holds the pace of the connection: so many bytes of other messages
  // were moved since the last call, the last of them at that time.
  void on_others_sent(std::uint64_t bytes, TimePoint progress) noexcept;
  // The peer may send nothing on this connection, since others do not read what it has sent.
  void on_held_up(TimePoint now) noexcept { receive_pace_.restart(now); }

  // The peer gives up what it sends. wire_code: its HTTP/2 or HTTP/3 error code. Does nothing when
  // the rest is not needed; else this end is aborted.
  virtual void on_peer_reset(AbortReason reason, std::uint64_t wire_code) noexcept = 0;
  // The peer wants no more of what we send; `none`: without an error.
  virtual void on_peer_stop(AbortReason reason, std::uint64_t wire_code) noexcept = 0;
  virtual void on_peer_abort(AbortReason reason) noexcept = 0;  // unless it is closed or aborted
  // h1: the rest of what the peer sends is not valid, or will not come; nothing can follow it. An
  // Exchange responds with the status if its response has not begun (0: it cannot), and goes on if
  // it does not need the rest. Else this end is aborted.
  virtual void on_fault(std::uint16_t status, AbortReason reason) = 0;
  virtual void on_closed() noexcept = 0;

  // Both directions of the stream are over, but what came is still being read: on_closed() waits.
  virtual bool reads_on() const noexcept { return false; }
  virtual bool over() const noexcept = 0;  // closed, and nobody needs it any more

  virtual TimePoint deadline() const noexcept = 0;
  virtual void on_deadline(TimePoint now) = 0;

  const Incoming& incoming() const noexcept { return incoming_; }
  Receiving receiving() const noexcept { return incoming_.state(); }
  Sending sending() const noexcept { return outgoing_.state(); }
  bool content_pulled() const noexcept { return outgoing_.complete(); }  // all that we send
  bool aborted() const noexcept { return aborted_ != AbortReason::none; }
  Shape shape() const noexcept { return shape_; }

 protected:
  MessageEnd(StreamPort& port, BufferPool& pool, const Clock& clock, const Limits& limits,
             std::size_t window) noexcept
      : port_(port),
        clock_(clock),
        limits_(limits),
        incoming_(pool, window, *this),
        outgoing_(*this),
        charge_(port.account()) {}
  ~MessageEnd() = default;

  virtual bool on_head_field(std::string_view name, std::string_view value) = 0;
  // More of its content could come, and only the peer holds it back.
  virtual bool peer_owes_content() const noexcept { return true; }
  void progress() noexcept { last_progress_ = clock_.now(); }
  // So many bytes of memory are held beside the content of the two messages.
  void hold(std::size_t bytes) noexcept {
    head_bytes_ = bytes;
    recount();
  }
  std::size_t head_bytes() const noexcept { return head_bytes_; }
  void recount() noexcept { charge_.set(head_bytes_ + incoming_.held() + outgoing_.held()); }

  StreamPort& port_;
  const Clock& clock_;
  const Limits& limits_;
  Incoming incoming_;
  Outgoing outgoing_;
  TimePoint last_progress_;                 // of bytes either way
  Pace receive_pace_{}, send_pace_{};       // of the peer, for its content and for ours
  std::optional<TrailerBuilder> trailers_;  // once the head has come
  AbortReason aborted_ = AbortReason::none;
  Shape shape_ = Shape::message;

 private:
  void on_source_ready() noexcept final;
  void on_end_read() noexcept final { port_.mark_dirty(); }
  void on_consumed(std::size_t bytes) noexcept final;

  std::size_t head_bytes_ = 0;
  Charge charge_;
};

}  // namespace troika
