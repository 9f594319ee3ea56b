#pragma once
#include <nghttp3/nghttp3.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/error.h"
#include "base/ring.h"
#include "http/message/body.h"
#include "proto/quic/application.h"
#include "proto/session/field_list.h"

namespace troika::h3 {

// RFC 9204 §7.1.3: short secrets must not reach a table that an attacker can compare guesses with.
constexpr std::uint8_t field_flags(FieldName name) noexcept {
  const bool secret = name == FieldName::set_cookie || name == FieldName::authorization ||
                      name == FieldName::cookie;
  return secret ? NGHTTP3_NV_FLAG_NEVER_INDEX : NGHTTP3_NV_FLAG_NONE;
}
using FieldList = troika::FieldList<nghttp3_nv, field_flags>;

// Body bytes of one stream that were handed to QUIC and not yet acknowledged. QUIC keeps pointers
// into them for retransmission, so they belong to the stream and outlive the exchange.
class RetainedBytes {
 public:
  // The bytes stay where they are until they are acknowledged. Must not be empty.
  std::span<const std::byte> retain(Slice slice) {
    const auto bytes = slice.bytes();
    const auto count = static_cast<std::uint32_t>(slice.size());
    const auto pinned = static_cast<std::uint32_t>(slice.pinned());
    if (slices_.empty() || !slices_.back().slice.join(slice)) {
      slices_.push_back({std::move(slice), pinned});
      size_ += pinned;
    } else {
      slices_.back().pinned += count;
      size_ += count;
    }
    return bytes;
  }
  // The first `bytes` of those that are not acknowledged yet. A slice is freed as a whole.
  void acknowledge(std::size_t bytes) noexcept {
    acknowledged_ += bytes;
    while (!slices_.empty() && acknowledged_ >= slices_.front().slice.size()) {
      acknowledged_ -= slices_.front().slice.size();
      size_ -= slices_.front().pinned;
      slices_.pop_front();
    }
  }
  void clear() noexcept {
    slices_.clear();
    acknowledged_ = size_ = 0;
  }

  bool empty() const noexcept { return slices_.empty(); }
  // Bytes of memory that are held: of slabs that nobody else refers to, all.
  std::size_t size() const noexcept { return size_; }

 private:
  struct Held {
    Slice slice;
    std::uint32_t pinned = 0;
  };
  Ring<Held, 2> slices_;
  std::size_t acknowledged_ = 0;  // of the first slice
  std::size_t size_ = 0;
};

// What comes from the peer on a stream:
//
//           its FIN   nghttp3 has read it all, or a side gave up (RESET_STREAM, STOP_SENDING)
//   open    fin       ended
//   fin     -         ended     nghttp3 may wait for QPACK
//   ended   -         -
enum class Reading : std::uint8_t { open, fin, ended };

// How QUIC stands to a stream:
//
//              no credit   credit   QUIC is done   nghttp3 is, too
//   open       blocked     -        closed         -
//   blocked    -           open     closed         -
//   closed     -           -        -              released
//   released   -           -        -              -
enum class Transport : std::uint8_t { open, blocked, closed, released };

// One request stream as the engine sees it: a field section and a body each way. The calls come
// from under nghttp3: they only record, and run no foreign code but BodySource::pull and
// destructors.
class EngineStream {
 public:
  virtual ~EngineStream() = default;
  quic::StreamId id() const noexcept { return id_; }
  Reading reading() const noexcept { return reading_; }
  bool closed() const noexcept { return transport_ >= Transport::closed; }
  bool released() const noexcept { return transport_ == Transport::released; }
  bool acknowledged() const noexcept { return retained_.empty(); }  // all that was sent of a body
  // The peer gives this stream no credit.
  bool window_shut() const noexcept { return transport_ == Transport::blocked; }

  // Of a head, pseudo fields first, or of the trailers. False: the section is so far above its
  // limits that the connection ends.
  virtual bool on_field(std::string_view name, std::string_view value) = 0;
  virtual void on_trailers_begin() {}
  virtual void on_fields_end(bool fin) = 0;  // of a head; trailers end with on_end()
  virtual void on_data(std::span<const std::byte> bytes) = 0;  // owes Engine::credit()
  virtual void on_end() = 0;
  virtual void on_rejected() = 0;  // nghttp3 refused it: its id is above the one in our GOAWAY

  virtual Result<Pulled> pull(std::size_t max_bytes) = 0;  // a failure has recorded a reset
  virtual bool body_complete() const noexcept = 0;  // no more is to be pulled, not even `end`
  virtual const HeaderMap& outgoing_trailers() const noexcept = 0;
  virtual void on_body_acked(std::size_t bytes) noexcept = 0;
  virtual void on_fin_handed_out() = 0;  // QUIC has taken all of our side

 protected:
  explicit EngineStream(quic::StreamId id) noexcept : id_(id) {}

  // QUIC has forgotten the stream: from now on it is another one.
  void begin_again(quic::StreamId id) noexcept {
    id_ = id;
    retained_.clear();
    unconsumed_ = 0;
    source_blocked_ = false;
    reading_ = Reading::open;
    transport_ = Transport::open;
  }
  bool end_reading() noexcept {  // false: it had ended
    return std::exchange(reading_, Reading::ended) != Reading::ended;
  }

 private:
  friend class Engine;
  friend class EngineWriter;
  template <class>
  friend struct EngineCallbacks;
  quic::StreamId id_;
  RetainedBytes retained_;
  std::size_t unconsumed_ = 0;   // body bytes given to on_data() and not credited
  bool source_blocked_ = false;  // pull() said so, and resume() did not come
  Reading reading_ = Reading::open;
  Transport transport_ = Transport::open;
};

// The peer's SETTINGS. A client remembers the limits (RFC 9114 §7.2.4.2).
struct PeerSettings {
  std::uint64_t field_section = 0, qpack_table = 0, qpack_blocked = 0;
  bool takes_tunnels = false;  // extended CONNECT (RFC 9220 §3)
};

// The session that an engine works for.
class EngineOwner {
 public:
  virtual EngineStream* find(quic::StreamId id) noexcept = 0;
  virtual void on_goaway(quic::StreamId) {}  // client: requests from this id on are not processed
  // The last call for this stream. Comes after closed(), and later than it for a stream that waits
  // for QPACK.
  virtual void on_released(quic::StreamId, std::optional<quic::AppError>) {}
  virtual bool accepts(const PeerSettings&) { return true; }     // false: H3_SETTINGS_ERROR
  virtual bool takes_tunnels() const noexcept { return false; }  // server: for our SETTINGS

 protected:
  ~EngineOwner() = default;
};

}  // namespace troika::h3
