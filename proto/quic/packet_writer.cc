#include "proto/quic/packet_writer.h"

#include <vector>

namespace troika::quic {
namespace {

constexpr std::size_t kVectors = 16;  // of one STREAM frame
constexpr int kSilentPtos = 3;

// Returns how many of them it filled.
std::size_t put(const StreamWrite& write, std::span<ngtcp2_vec, kVectors> into) noexcept {
  const std::size_t count = std::min(write.data.size(), kVectors);
  for (std::size_t i = 0; i < count; ++i) {
    into[i] = {.base = static_cast<std::uint8_t*>(write.data[i].iov_base),
               .len = write.data[i].iov_len};
  }
  return count;
}

}  // namespace

// One call of ngtcp2, for one send.
struct PacketWriter::Burst {
  QuicApplication* application;
  const ngtcp2_path* path;  // of its first packet
  bool drained = false;     // the application has no more for it
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
  Burst burst{.application = application, .path = &path.path};
  burst_ = &burst;
  const ngtcp2_ssize size = ngtcp2_conn_write_aggregate_pkt2(
      conn, &path.path, &mark, as_u8(space.data()), space.size(), &segment_bytes, write,
      SendBuffer::kMostSegments, to_stamp(now));
  burst_ = nullptr;
  if (size < 0) return std::unexpected(static_cast<int>(size));
  ngtcp2_conn_update_pkt_tx_time(conn, to_stamp(now));
  if (size == 0) return 0;
  out_.send({.local = Address(path.path.local.addr),
             .remote = Address(path.path.remote.addr),
             .ecn = static_cast<Ecn>(mark.ecn),
             .bytes = space.first(static_cast<std::size_t>(size)),
             .segment_bytes = segment_bytes});
  // If the burst was refused, the stray packet is lost, as packets may be.
  if (!burst.stray.empty() && !out_.blocked()) {
    out_.send_copy({.local = burst.stray_local,
                    .remote = burst.stray_remote,
                    .ecn = burst.stray_ecn,
                    .bytes = burst.stray});
  }
  return static_cast<std::size_t>(size);
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
  QuicApplication* const application = burst_->application;
  std::array<ngtcp2_vec, kVectors> vectors;  // not cleared for each packet
  std::uint64_t credit = application != nullptr ? ngtcp2_conn_get_max_data_left(conn) : 0;
  for (;;) {
    StreamWrite write;
    if (credit > 0 && !burst_->drained) {
      const Result<StreamWrite> next = application->next_write();
      if (!next) return close_.result_of(std::unexpected(next.error()));
      write = *next;
      burst_->drained = write.stream == kNoStream;
    }
    const std::size_t count = put(write, vectors);
    const bool fin = write.fin && count == write.data.size();
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize size =
        ngtcp2_conn_writev_stream(conn, path, info, dest.data(), dest.size(), &taken,
                                  kFlags | (fin ? std::uint32_t{NGTCP2_WRITE_STREAM_FLAG_FIN} : 0U),
                                  write.stream, vectors.data(), count, stamp);
    switch (size) {
      case NGTCP2_ERR_STREAM_DATA_BLOCKED: application->blocked(write.stream); continue;
      case NGTCP2_ERR_STREAM_NOT_FOUND:
      case NGTCP2_ERR_STREAM_SHUT_WR:
        if (const int failed = close_.result_of(application->shut(write.stream)); failed != 0) {
          return failed;
        }
        continue;
      default: break;
    }
    if (size < 0 && size != NGTCP2_ERR_WRITE_MORE) return size;
    if (taken >= 0) {
      const auto bytes = static_cast<std::size_t>(taken);
      const Status wrote = application->wrote(write.stream, bytes, to_time(stamp));
      if (const int failed = close_.result_of(wrote); failed != 0) return failed;
      credit -= std::min<std::uint64_t>(credit, bytes);
    }
    if (size != NGTCP2_ERR_WRITE_MORE) return size;
  }
}

}  // namespace troika::quic
