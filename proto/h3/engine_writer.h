#pragma once
#include <nghttp3/nghttp3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "http/message/limits.h"
#include "proto/h3/engine_stream.h"
#include "proto/quic/application.h"

namespace troika::h3 {

// The sending half of an Engine: what nghttp3 has to write goes to QUIC. Bodies are pulled when
// nghttp3 asks for them and the peer gives the stream credit, and retained until QUIC says that
// they are acknowledged, up to Limits::retained_bytes for all streams together. Functions that
// return int give nghttp3's error code, or 0.
class EngineWriter {
 public:
  EngineWriter(quic::QuicStreams& quic, const Limits& limits, EngineOwner& owner) noexcept
      : quic_(quic), limits_(limits), owner_(owner), charge_(quic.account()) {}

  void begin(nghttp3_conn* conn) noexcept;  // a new connection: nothing is left of an earlier one

  // Asks nghttp3 for the next write; offered() then is that.
  int next();
  quic::StreamWrite offered() const noexcept;
  int wrote(quic::StreamId id, std::size_t bytes);  // of the last offer

  // For nghttp3's callback that asks for the body of a stream.
  nghttp3_ssize read_data(EngineStream& stream, std::span<nghttp3_vec> into, std::uint32_t& flags);
  void acknowledge(EngineStream& stream, std::size_t bytes) noexcept;
  void release(EngineStream& stream) noexcept;  // QUIC is done with all of its bytes
  int resume_starved();                         // if there is room again

 private:
  static constexpr std::size_t kVectors = 16;
  // At most, of one stream: then nghttp3 chooses again whose turn it is.
  static constexpr std::size_t kOfferBytes = 16U << 10U;

  std::size_t room() const noexcept {
    return limits_.retained_bytes - std::min(limits_.retained_bytes, retained_);
  }
  std::size_t share_of(const EngineStream& stream, std::size_t credit) const noexcept;
  void set_retained(std::size_t bytes) noexcept {
    retained_ = bytes;
    charge_.set(bytes);
  }
  std::span<const std::byte> retain(EngineStream& stream, Slice bytes);
  std::uint32_t end_of_body(const EngineStream& stream);
  int submit_trailers(const EngineStream& stream);

  quic::QuicStreams& quic_;
  const Limits& limits_;
  EngineOwner& owner_;
  nghttp3_conn* conn_ = nullptr;
  Charge charge_;                         // of retained_
  std::size_t retained_ = 0;              // bytes of all streams that wait for acknowledgement
  std::size_t holders_ = 0;               // streams that have some of them
  std::vector<quic::StreamId> starved_;   // read nothing because of the limit on those
  std::vector<quic::StreamId> trailing_;  // their bodies ended: trailers are to be submitted
  bool held_back_ = false;                // a read_data() of this next() gave nothing
  std::array<iovec, kVectors> vectors_{};
  std::size_t used_vectors_ = 0;
  quic::StreamId offered_stream_ = quic::kNoStream;
  std::size_t offered_bytes_ = 0;
  bool offered_fin_ = false;
};

}  // namespace troika::h3
