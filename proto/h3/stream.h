#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/dirty_list.h"
#include "http/exchange/call.h"
#include "http/exchange/exchange.h"
#include "http/exchange/message_end.h"
#include "proto/h3/engine.h"
#include "proto/h3/request_scanner.h"
#include "proto/session/conduct.h"
#include "proto/session/stream_records.h"

namespace troika::h3 {

class Stream;

// What the streams of a session share, whichever side it is; outlives them.
struct StreamContext {
  Engine& engine;
  const Clock& clock;
  const Limits& limits;
  Duration linger{};          // for the rest of an unwanted message
  DirtyList<Stream> dirty{};  // streams that apply() has to look at
};

// Bytes of all request streams that were acknowledged, and when the last were.
struct Progress {
  std::uint64_t bytes = 0;
  TimePoint at{};
};

// One HTTP/3 request stream, of a server or of a client: from nghttp3's events to the end that it
// belongs to, and back.
class Stream : public EngineStream, public StreamRecords {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void apply();  // no engine is on the stack: handlers start, records are acted on
  void on_peer_reset(quic::AppError code);
  // STOP_SENDING came, or QUIC refused a write because of it.
  void on_peer_stop(quic::AppError code);
  void on_closed(std::optional<quic::AppError> code);  // nothing more comes from below
  // Nobody needs the stream any more. The caller frees it when nghttp3 is not on the stack.
  bool retire() noexcept;

  bool tunnel() const noexcept { return end_.shape() == Shape::tunnel; }
  virtual TimePoint deadline() const noexcept;
  // progress: of the connection, for a stream that waits for its turn.
  virtual void on_deadline(TimePoint now, const Progress& progress);
  void mark_dirty() noexcept override;
  Account& account() noexcept override { return context_.engine.account(); }

  bool dirty = false;  // of the DirtyList

 protected:
  Stream(StreamContext& context, quic::StreamId id, MessageEnd& end) noexcept
      : EngineStream(id), context_(context), end_(end), discard_(context.limits.discarded_body) {}

  void on_fin_handed_out() override;
  // All of our message was handed to QUIC, and the rest of theirs is dropped. nghttp3 does not read
  // it any more, so faults in it do not matter.
  bool discarding() const noexcept {
    return stop && end_.sending() == Sending::done && reading() != Reading::ended;
  }
  void begin_discarding();
  void discard(std::size_t bytes, bool fin) noexcept;
  void begin(quic::StreamId id) noexcept;  // on another stream of QUIC than before
  bool on_field(std::string_view name, std::string_view value) override;
  void on_fields_end(bool fin) override;
  virtual void on_peer_fault() noexcept {}    // the stream is reset for what the peer sent
  virtual void on_stop_ignored() noexcept {}  // it goes on long after our STOP_SENDING
  // For a destructor: the end may still call mark_dirty() while it dies.
  void be_quiet() noexcept;
  Engine& engine() noexcept { return context_.engine; }

 private:
  void on_data(std::span<const std::byte> bytes) override;
  void on_end() override;
  void on_rejected() override;
  Result<Pulled> pull(std::size_t max_bytes) override;
  bool body_complete() const noexcept override { return end_.content_pulled(); }
  const HeaderMap& outgoing_trailers() const noexcept override { return end_.trailers(); }
  void on_body_acked(std::size_t bytes) noexcept override { end_.on_sent(bytes); }

  void check(const Status& status, AbortReason limit = AbortReason::protocol_error);
  void give_up(AbortReason reason);
  void stop_reading(quic::AppError code);

  StreamContext& context_;
  MessageEnd& end_;
  Discard discard_;
  std::uint64_t others_sent_ = 0;  // of the progress when it was last looked at
  TimePoint stop_due_ = kNever;    // our STOP_SENDING should have had its effect
};

// The streams of a session, which it owns, by their ids. These mostly come in order.
template <class T>
class StreamTable {
 public:
  T* find(quic::StreamId id) const noexcept {
    const auto at = place_of(id);
    return at != streams_.end() && (*at)->id() == id ? at->get() : nullptr;
  }
  T& add(std::unique_ptr<T> stream) {
    return **streams_.insert(place_of(stream->id()), std::move(stream));
  }
  void erase(quic::StreamId id) { streams_.erase(place_of(id)); }
  std::vector<std::unique_ptr<T>> take_all() noexcept { return std::exchange(streams_, {}); }
  bool empty() const noexcept { return streams_.empty(); }
  auto begin() const noexcept { return streams_.begin(); }
  auto end() const noexcept { return streams_.end(); }

 private:
  using List = std::vector<std::unique_ptr<T>>;
  typename List::const_iterator place_of(quic::StreamId id) const noexcept {
    return std::ranges::lower_bound(streams_, id, {}, [](const auto& each) { return each->id(); });
  }
  List streams_;
};

struct ServerContext : StreamContext {
  Services& services;
  const PeerInfo& peer;
  Conduct& conduct;
  std::uint32_t served = 0;  // streams that are
};

// How far a request of theirs has come:
//
//             its first byte   all of the response is with QUIC
//   empty     begun            -
//   begun     -                served, if all of the request has been read
enum class Serving : std::uint8_t { empty, begun, served };

// A request of theirs. It lives from the first byte until QUIC has closed the stream, and a tunnel
// until what came through it is read.
class ServerStream final : public Stream {
 public:
  ServerStream(ServerContext& context, quic::StreamId id, bool early, TimePoint now);
  ~ServerStream() override { be_quiet(); }

  // Its bytes or its end have come. False: nghttp3 must not see them, the stream is reset.
  bool on_arrival(std::size_t bytes, bool fin);
  // How many of the bytes nghttp3 may see before drops_fields() is asked.
  std::size_t scan(std::span<const std::byte> bytes);
  // What a FIN behind the bytes that were scanned means.
  enum class Fin : std::uint8_t {
    allowed,     // as far as frames go
    in_frame,    // H3_FRAME_ERROR
    no_request,  // the stream is reset; nghttp3 must not see the FIN
  };
  Fin judge_fin() const noexcept;
  void end_without_request();
  // It has dropped more lines than a client sends by mistake.
  bool drops_fields() const noexcept;
  bool has_head() const noexcept { return exchange_.receiving() != Receiving::head; }
  // We have work to do for it. Not so when it was aborted, or when the whole response was handed to
  // QUIC and the stream only waits for the peer to acknowledge and close.
  bool live() const noexcept {
    return exchange_.reads_on() || (!exchange_.aborted() && exchange_.sending() != Sending::done);
  }
  void refuse();  // nothing of it is processed (RFC 9114 §4.1.1)
  bool served() const noexcept { return serving_ == Serving::served; }
  // The connection ends; written bytes stay. cleanly: without an error, so bytes that were not
  // acknowledged have most likely arrived.
  void abandon(AbortReason reason, bool cleanly) noexcept;

  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now, const Progress& progress) override;

 private:
  void on_fin_handed_out() override;
  bool on_field(std::string_view name, std::string_view value) override;
  void on_fields_end(bool fin) override;
  void on_trailers_begin() override;
  void on_peer_fault() noexcept override;
  void on_stop_ignored() noexcept override;
  bool reads_fields() const noexcept;

  ServerContext& context_;
  Exchange exchange_;
  RequestScanner scanner_;
  std::size_t fields_ = 0;     // that nghttp3 has not dropped
  TimePoint fields_deadline_;  // of the head, then of the trailers
  Serving serving_ = Serving::empty;
};

// A request of ours. The session owns it until QUIC has closed the stream and the user has
// destroyed the handle.
class ClientStream final : public Stream {
 public:
  ClientStream(StreamContext& context, const CallServices& services, Request request,
               std::unique_ptr<BodySource> body, Receiver& receiver, const CallTimeouts& timeouts);
  ~ClientStream() override { be_quiet(); }

  // Gives the request to the engine; again after early data was rejected.
  void submit(quic::StreamId id);
  void on_goaway() noexcept;  // the server has not processed it
  // Its stream is lost, with nothing of it processed (RFC 9001 §4.6.2).
  void give_up() noexcept;
  Call& call() noexcept { return call_; }
  // Something is still to come of it, either way. Not so when it was given up, and the stream only
  // waits for the server to end its side.
  bool live() const noexcept { return !call_.aborted() && !call_.finished(); }

 private:
  Call call_;
};

}  // namespace troika::h3
