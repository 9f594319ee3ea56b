#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/output_queue.h"
#include "http/exchange/call.h"
#include "http/exchange/exchange.h"
#include "http/exchange/message_end.h"
#include "proto/h1/parser.h"
#include "proto/h1/upgrade.h"
#include "proto/h1/writer.h"
#include "proto/session/byte_session.h"
#include "proto/session/stream_records.h"
#include "proto/session/unsent_ledger.h"

namespace troika::h1 {

class Stream;
using Ledger = UnsentLedger<Stream*>;

// Where a stream writes, and how much fits in.
struct Output {
  OutputQueue& queue;
  std::size_t high_watermark;
  Ledger& ledger;
  TimePoint now;
  bool draining = false;  // no more requests are taken
  bool has_room() const noexcept { return queue.size() < high_watermark; }
  std::size_t room() const noexcept { return has_room() ? high_watermark - queue.size() : 0; }
  void write(std::string_view text) {  // of no content
    queue.append_copy(text);
    ledger.add_control(text.size());
  }
};

// How far a connection has come, on either side. It only moves down:
enum class Phase : std::uint8_t {
  open,
  last,   // no message follows those in hand
  over,   // nothing is read or written any more
  broken  // the same, and a message was cut short: the connection ends in a reset
};

// What is still read of the peer's message. The peer may wait for 100 before its content, and what
// comes of one that is given up is dropped:
//
//              content, or our 100   its end   give_up()
//   expected   open                  over      given_up
//   open       -                     over      given_up
//   over       -                     -         -
//   given_up   -                     -         -
enum class Reading : std::uint8_t { expected, open, over, given_up };

// What is written of our message. A stream whose end is aborted() writes no more.
//
//             head is written   end is written   the end left for the wire
//   head      content           -                -
//   content   -                 framed           -
//   framed    -                 -                sent
//   sent      -                 -                -
enum class Writing : std::uint8_t { head, content, framed, sent };

// One request and its response on the connection, of a server or of a client: from the reader to
// the end that the stream belongs to, and from there to the output.
class Stream : public StreamRecords {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Content of the peer, as it comes.
  bool on_body(std::span<const std::byte> bytes);  // false: it is not valid
  // The rest of the peer's message is not valid (a server responds with the status), or will not
  // come (0).
  void on_fault(std::uint16_t status, AbortReason why);
  std::size_t room() const noexcept { return end_.incoming().room(); }  // for content

  // Acts on what was recorded and writes what is there. True: something changed.
  bool produce(Output out);

  bool reads() const noexcept { return reading_ < Reading::over; }
  bool begun() const noexcept { return writing_ != Writing::head; }
  bool framed() const noexcept { return writing_ >= Writing::framed; }  // all of it is in the queue
  bool sent() const noexcept { return writing_ == Writing::sent; }
  bool broken() const noexcept { return end_.aborted(); }     // our message was cut short
  bool keeps_alive() const noexcept { return keeps_alive_; }  // as far as is known now
  bool starved() const noexcept;                              // more to write than had room
  bool over() const noexcept { return end_.over(); }
  bool tunnel() const noexcept { return end_.shape() == Shape::tunnel; }
  bool reads_on() const noexcept { return end_.reads_on(); }
  // All of ours is in the queue, and what the peer sends goes on.
  bool half_closed() const noexcept { return tunnel() && framed() && reads(); }

  void on_sent(std::size_t bytes) noexcept { end_.on_sent(bytes); }
  virtual void on_mark() noexcept { writing_ = Writing::sent; }  // the ledger's, of this stream
  void close(AbortReason reason) noexcept;                       // none: without an error

  TimePoint deadline() const noexcept;
  void on_progress(TimePoint progress) noexcept { end_.on_progress(progress); }
  void on_deadline(TimePoint now);

 protected:
  // patience: for the rest of an unwanted message after all of ours.
  Stream(SessionHost& host, const Limits& limits, Duration patience, MessageEnd& end)
      : discard_(limits.discarded_body), host_(host), end_(end), patience_(patience) {}

  virtual bool head_due() const noexcept = 0;
  virtual void write_head(Output& out) = 0;
  // Chooses how our content ends. chunks: the peer understands them.
  Delimiter delimit(BodyFraming::Kind kind, bool chunks) noexcept;
  void give_up() noexcept;  // the rest of the peer's message, and with it the connection

  Discard discard_;
  Reading reading_ = Reading::open;
  bool keeps_alive_ = true;

 private:
  void mark_dirty() noexcept override { host_.mark_dirty(); }
  Account& account() noexcept override { return host_.account(); }

  bool write_informational(Output& out);
  bool begin_writing(Output& out);
  bool write_content(Output& out);
  void write_slice(Output& out, Slice slice);
  bool finish(Output& out);

  SessionHost& host_;
  MessageEnd& end_;
  Duration patience_;
  Delimiter delimiter_ = Delimiter::none;
  Writing writing_ = Writing::head;
};

// A request of theirs.
class ServerStream final : public Stream {
 public:
  ServerStream(Services& services, const PeerInfo& peer, SessionHost& host)
      : Stream(host, services.limits, services.snapshot->timeouts().body_progress, exchange_),
        exchange_(*this, services, peer, HttpVersion::http11, services.limits.stream_window) {}

  // fields: of the request's head. With has_body, the bytes of the body follow.
  // accept: for the response that takes the tunnel, if one is offered.
  void begin(Request&& request, const MessageFields& fields, const std::string& accept);
  void reject(Request&& partial, std::uint16_t status);
  void on_end(HeaderMap trailers);
  bool offers_tunnel() const noexcept { return !accept_.empty(); }

 private:
  bool head_due() const noexcept override { return head.has_value(); }
  void write_head(Output& out) override;
  bool decide_keep_alive(const Head& response, Delimiter delimiter, bool draining);
  bool may_discard_rest() const noexcept;

  Exchange exchange_;
  MessageFields fields_;
  std::string accept_;
};

// A request of ours.
class ClientStream final : public Stream {
 public:
  ClientStream(const CallServices& services, SessionHost& host, Request request,
               std::unique_ptr<BodySource> body, Receiver& receiver, const CallTimeouts& timeouts)
      : Stream(host, services.limits, {}, call_),
        call_(*this, services, HttpVersion::http11, services.limits.call_window, std::move(request),
              std::move(body), receiver, timeouts) {}

  Call& call() noexcept { return call_; }
  // Of the response that takes the tunnel.
  std::string accept() const { return websocket_accept(key_); }
  void on_head(bool keeps_alive) noexcept { keeps_alive_ = keeps_alive; }
  void on_end();
  void on_mark() noexcept override;

 private:
  bool head_due() const noexcept override { return true; }
  void write_head(Output& out) override;

  Call call_;
  std::string key_;  // of a request for a tunnel
};

}  // namespace troika::h1
