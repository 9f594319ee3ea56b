#include "proto/quic/packet_writer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace troika::quic {
namespace {

constexpr std::size_t kVectors = 16;  // of one offer
constexpr int kSilentPtos = 3;

// What the application offers of one stream. Packets take from it, one after the other, and the
// application is told of all of them at once.
class Offer {
 public:
  explicit Offer(QuicApplication* application) : application_(application) {}

  // Nothing is left of it, and there may be another one.
  bool wanting() const noexcept {
    return !drained_ && (stream_ == kNoStream || (taken_ && first_ == count_));
  }
  // Asks for another one.
  Status fill(TimePoint now) {
    if (Status told = settle(now); !told) return told;
    const Result<StreamWrite> next = application_->next_write();
    if (!next) return std::unexpected(next.error());
    stream_ = next->stream;
    drained_ = stream_ == kNoStream;
    first_ = 0;
    count_ = std::min(next->data.size(), kVectors);
    fin_ = next->fin && count_ == next->data.size();
    for (std::size_t i = 0; i < count_; ++i) {
      vectors_[i] = {.base = static_cast<std::uint8_t*>(next->data[i].iov_base),
                     .len = next->data[i].iov_len};
    }
    return {};
  }
  StreamId stream() const noexcept { return stream_; }
  bool fin() const noexcept { return fin_; }
  std::span<const ngtcp2_vec> left() const noexcept {
    return std::span(vectors_).first(count_).subspan(first_);
  }

  void took(std::size_t bytes) noexcept {
    taken_ = taken_.value_or(0) + bytes;
    for (; first_ < count_ && bytes >= vectors_[first_].len; ++first_) {
      bytes -= vectors_[first_].len;
    }
    if (first_ == count_) return;
    vectors_[first_].base += bytes;
    vectors_[first_].len -= bytes;
  }
  // Tells what was taken. fill() asks for another one then.
  Status settle(TimePoint now) {
    const StreamId stream = std::exchange(stream_, kNoStream);
    const auto taken = std::exchange(taken_, std::nullopt);
    return taken ? application_->wrote(stream, *taken, now) : Status{};
  }
  Status blocked(TimePoint now) {
    const StreamId stream = stream_;
    Status told = settle(now);
    if (told) application_->blocked(stream);
    return told;
  }
  Status shut(TimePoint now) {
    const StreamId stream = stream_;
    Status told = settle(now);
    return told ? application_->shut(stream) : told;
  }

 private:
  QuicApplication* application_;
  StreamId stream_ = kNoStream;
  std::array<ngtcp2_vec, kVectors> vectors_;  // not cleared for each burst
  std::size_t first_ = 0, count_ = 0;         // of them: first_ is the first that is not taken
  bool fin_ = false;
  bool drained_ = false;              // the application has no more
  std::optional<std::size_t> taken_;  // bytes; none: not even an empty end
};

}  // namespace

// One call of ngtcp2, for one send.
struct PacketWriter::Burst {
  bool ready;  // the application may send
  Offer offer;
  const ngtcp2_path* path;  // of its first packet
  // A packet for another path, which ends the burst. ngtcp2 1.22 would send it where the first one
  // goes, and if the first one is a challenge of an old address, also all data that follow.
  std::vector<std::byte> stray{};
  Address stray_local{}, stray_remote{};
  Ecn stray_ecn{};
};

// RFC 8899 §4.3, which ngtcp2 does not implement: when the MTU of a path shrinks, full packets are
// lost for ever. If nothing arrives for a while, only packets of the size that every path carries
// are written.
void PacketWriter::detect_black_hole(ngtcp2_conn* conn, const ngtcp2_conn_info& info,
                                     TimePoint now) {
  if (packet_limit_ != kNoLimit) return;
  if (info.bytes_in_flight == 0) {
    silent_since_ = kNever;
  } else if (silent_since_ == kNever) {
    silent_since_ = now;
  } else if (now - silent_since_ >= kSilentPtos * from_duration(ngtcp2_conn_get_pto(conn)) &&
             ngtcp2_conn_get_path_max_tx_udp_payload_size(conn) > NGTCP2_MAX_UDP_PAYLOAD_SIZE) {
    packet_limit_ = NGTCP2_MAX_UDP_PAYLOAD_SIZE;
  }
}

std::expected<std::size_t, int> PacketWriter::write_burst(ngtcp2_conn* conn,
                                                          const ngtcp2_conn_info& info,
                                                          QuicApplication* application,
                                                          ngtcp2_write_pkt write, TimePoint now) {
  detect_black_hole(conn, info, now);
  // With less space than its largest packet ngtcp2 could not probe the path's MTU.
  const std::size_t most =
      std::max(ngtcp2_conn_get_send_quantum(conn), ngtcp2_conn_get_max_tx_udp_payload_size(conn));
  const std::span space = out_.space().first(std::min(most, out_.space().size()));
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info mark{};
  std::size_t segment_bytes = 0;
  Burst burst{.ready = application != nullptr, .offer = Offer(application), .path = &path.path};
  burst_ = &burst;
  const ngtcp2_ssize size = ngtcp2_conn_write_aggregate_pkt2(
      conn, &path.path, &mark, as_u8(space.data()), space.size(), &segment_bytes, write,
      SendBuffer::kMostSegments, to_stamp(now));
  burst_ = nullptr;
  if (size < 0) return std::unexpected(static_cast<int>(size));
  const int untold = close_.result_of(burst.offer.settle(now));
  if (untold != 0) return std::unexpected(untold);
  const auto bytes = static_cast<std::size_t>(size);
  ngtcp2_conn_update_pkt_tx_time(conn, to_stamp(now));
  if (size == 0) return 0;
  out_.send({.local = Address(path.path.local.addr),
             .remote = Address(path.path.remote.addr),
             .ecn = static_cast<Ecn>(mark.ecn),
             .bytes = space.first(bytes),
             .segment_bytes = segment_bytes});
  // If the burst was refused, the stray packet is lost, as packets may be.
  if (!burst.stray.empty() && !out_.blocked()) {
    out_.send_copy({.local = burst.stray_local,
                    .remote = burst.stray_remote,
                    .ecn = burst.stray_ecn,
                    .bytes = burst.stray});
  }
  return bytes;
}

ngtcp2_ssize PacketWriter::write_packet(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* info,
                                        std::span<std::uint8_t> dest, ngtcp2_tstamp stamp) {
  Burst& burst = *burst_;
  if (!burst.stray.empty() || limit_.exhausted(to_time(stamp))) return 0;
  const std::span space = dest.first(std::min(dest.size(), packet_limit_));
  const ngtcp2_ssize written = fill_packet(conn, path, info, space, stamp);
  if (written <= 0) return written;
  if (limit_.limits()) limit_.sent(to_path(*path), static_cast<std::size_t>(written));
  if (ngtcp2_path_eq(path, burst.path) != 0) return written;
  const auto packet = std::as_bytes(space.first(static_cast<std::size_t>(written)));
  burst.stray.assign(packet.begin(), packet.end());
  burst.stray_local = Address(path->local.addr);
  burst.stray_remote = Address(path->remote.addr);
  burst.stray_ecn = static_cast<Ecn>(info->ecn);
  return 0;
}

// Takes stream data from the application until the packet is full or no data is left. Between two
// calls of ngtcp2_conn_writev_stream for one packet no other function of ngtcp2 may be called.
ngtcp2_ssize PacketWriter::fill_packet(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* info,
                                       std::span<std::uint8_t> dest, ngtcp2_tstamp stamp) {
  // UDP_SEGMENT takes packets of equal size, so they are padded.
  constexpr std::uint32_t kFlags = NGTCP2_WRITE_STREAM_FLAG_MORE | NGTCP2_WRITE_STREAM_FLAG_PADDING;
  const TimePoint now = to_time(stamp);
  Offer& offer = burst_->offer;
  std::uint64_t credit = burst_->ready ? ngtcp2_conn_get_max_data_left(conn) : 0;
  for (;;) {
    std::uint32_t flags = kFlags;
    StreamId stream = kNoStream;
    std::span<const ngtcp2_vec> data;
    if (credit > 0 && offer.wanting()) {
      if (const int failed = close_.result_of(offer.fill(now)); failed != 0) return failed;
    }
    if (credit > 0) stream = offer.stream();
    if (stream != kNoStream) {
      data = offer.left();
      if (offer.fin()) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    }
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize size =
        ngtcp2_conn_writev_stream(conn, path, info, dest.data(), dest.size(), &taken, flags, stream,
                                  data.data(), data.size(), stamp);
    const bool blocked = size == NGTCP2_ERR_STREAM_DATA_BLOCKED;
    if (blocked || size == NGTCP2_ERR_STREAM_NOT_FOUND || size == NGTCP2_ERR_STREAM_SHUT_WR) {
      const Status told = blocked ? offer.blocked(now) : offer.shut(now);
      if (const int failed = close_.result_of(told); failed != 0) return failed;
      continue;
    }
    if (taken >= 0 && (size >= 0 || size == NGTCP2_ERR_WRITE_MORE)) {
      const auto bytes = static_cast<std::size_t>(taken);
      offer.took(bytes);
      credit -= std::min<std::uint64_t>(credit, bytes);
    }
    if (size != NGTCP2_ERR_WRITE_MORE) return size;
  }
}

}  // namespace troika::quic
