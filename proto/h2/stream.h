#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/dirty_list.h"
#include "http/exchange/call.h"
#include "http/exchange/exchange.h"
#include "http/exchange/message_end.h"
#include "proto/h2/engine.h"
#include "proto/session/byte_session.h"
#include "proto/session/conduct.h"
#include "proto/session/stream_records.h"

namespace troika::h2 {

class Stream;

// What the streams of a session share with it, whichever side it is; outlives them.
struct StreamContext {
  SessionHost& host;
  const Clock& clock;
  const Limits& limits;
  Duration linger{};  // for the rest of an unwanted message
  nghttp2_session* engine = nullptr;
  nghttp2_data_source_read_callback2 read = nullptr;  // finds the stream by its id
  DirtyList<Stream> dirty{};                          // streams that have something for apply()
  Conduct* conduct = nullptr;                         // server: of the client
};

// How the engine stands to a stream:
//
//               RST_STREAM queued   forgotten
//   open        resetting           closed
//   resetting   -                   closed
//   closed      -                   -
enum class Wire : std::uint8_t { open, resetting, closed };

// One HTTP/2 stream, of a server or of a client: from the engine's callbacks to the end that it
// belongs to, and back. The on_* functions are called under the engine; apply() is not. The engine
// has it as the user data of its stream, until that is closed or this one is aborted.
class Stream : public StreamRecords {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // False: no more of this section is wanted.
  bool on_field(std::string_view name, std::string_view value);
  void on_headers(bool end_stream);  // the field section is complete: a head, or trailers
  void on_data(std::span<const std::byte> bytes);
  void on_peer_end();
  void on_peer_reset(std::uint32_t code) noexcept;
  void on_invalid() noexcept;        // the engine resets the stream
  void on_head_not_sent() noexcept;  // the engine refuses to send our fields

  nghttp2_ssize read(std::size_t max_bytes, std::uint32_t* flags);  // the data provider
  Slice take_pending(std::size_t length) noexcept;                  // what read() promised
  void on_end_framed() noexcept;                                    // END_STREAM
  virtual void on_head_written() noexcept { head_waits_ = false; }  // it left for the wire
  void on_sent(std::size_t bytes) noexcept;                         // of the content, for the wire
  void on_closed(std::uint32_t code) noexcept;                      // the engine forgets the stream

  void apply();
  void abort(AbortReason reason) noexcept;  // the connection is lost or given up
  // Nobody needs the stream any more: the engine has forgotten it, its bytes have left the queue or
  // it was aborted, and its end is over. The caller frees it when no engine is on the stack.
  bool retire() noexcept;

  std::int32_t id() const noexcept { return id_; }
  bool closed() const noexcept { return wire_ == Wire::closed; }
  // Bytes of it wait in the output queue, and may go after it when it was aborted.
  bool in_queue() const noexcept { return unsent_ > 0 || head_waits_; }
  void on_head_framed() noexcept { head_waits_ = true; }
  // It was taken out of its session's list: what its end still asks for is not heard.
  void be_quiet() noexcept;
  TimePoint deadline() const noexcept;
  // progress: when the connection last sent bytes, for a stream that waits for its turn.
  void on_deadline(TimePoint now, TimePoint progress);
  void mark_dirty() noexcept override;
  Account& account() noexcept override { return context_.host.account(); }

  std::size_t index = 0;  // in the list of its session
  bool dirty = false;     // of the DirtyList

 protected:
  // id: 0 until open().
  Stream(StreamContext& context, std::int32_t id, MessageEnd& end)
      : context_(context), end_(end), id_(id), discard_(context.limits.discarded_body) {}
  void opened_as(std::int32_t id) noexcept { id_ = id; }
  StreamContext& context() noexcept { return context_; }

 private:
  // If no more comes, something is missing: our message, or what a tunnel still brings.
  bool cut_short() const noexcept {
    return end_.sending() != Sending::done ||
           (end_.reads_on() && end_.receiving() == Receiving::body);
  }
  std::size_t window() const noexcept;  // bytes that the peer lets us send on it now
  void check(Status status, std::uint32_t limit_code) noexcept;
  void give_credit() noexcept;
  void submit_head(const Head& head);
  void submit_informational();
  void submit_trailers();
  void submit_reset(std::uint32_t code) noexcept;
  bool discarding() const noexcept {
    return stop && wire_ == Wire::open && end_.sending() == Sending::done &&
           end_.receiving() != Receiving::done;
  }

  StreamContext& context_;
  MessageEnd& end_;
  std::int32_t id_;
  Slice pending_;               // pulled, and about to be framed
  std::size_t unconsumed_ = 0;  // received bytes that hold the connection's window
  std::size_t unsent_ = 0;      // content in the output queue
  Discard discard_;
  Wire wire_ = Wire::open;
  bool head_waits_ = false;  // in the output queue; noted for requests alone
};

// The streams of a session, which it owns.
template <class T>
class StreamList {
 public:
  T& add(std::unique_ptr<T> stream) {
    stream->index = streams_.size();
    return *streams_.emplace_back(std::move(stream));
  }
  std::unique_ptr<T> take(T& stream) noexcept {
    const std::size_t at = stream.index;
    std::swap(streams_[at], streams_.back());
    streams_[at]->index = at;
    std::unique_ptr<T> taken = std::move(streams_.back());
    streams_.pop_back();
    taken->be_quiet();
    return taken;
  }
  std::size_t size() const noexcept { return streams_.size(); }
  bool empty() const noexcept { return streams_.empty(); }
  auto begin() const noexcept { return streams_.begin(); }
  auto end() const noexcept { return streams_.end(); }

 private:
  std::vector<std::unique_ptr<T>> streams_;
};

// A request of theirs.
class ServerStream final : public Stream {
 public:
  ServerStream(StreamContext& context, Services& services, const PeerInfo& peer, std::int32_t id)
      : Stream(context, id, exchange_),
        exchange_(*this, services, peer, HttpVersion::http2, services.limits.stream_window) {}
  ~ServerStream() override { be_quiet(); }

  std::uint16_t rejected() const noexcept { return exchange_.rejected(); }

 private:
  Exchange exchange_;
};

// A request of ours.
class ClientStream final : public Stream {
 public:
  ClientStream(StreamContext& context, const CallServices& services, Request request,
               std::unique_ptr<BodySource> body, Receiver& receiver, const CallTimeouts& timeouts);
  ~ClientStream() override { be_quiet(); }

  // Gives the request to the engine. The stream's id; `unavailable`: no more can be opened.
  Result<std::int32_t> submit();
  void on_head_written() noexcept override {
    Stream::on_head_written();
    call_.on_head_written();
  }
  Call& call() noexcept { return call_; }

 private:
  Call call_;
};

}  // namespace troika::h2
