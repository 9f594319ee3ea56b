#include <algorithm>
#include <array>

#include "proto/quic/convert.h"
#include "proto/quic/core.h"

namespace troika::quic {
namespace {

constexpr std::size_t kVectors = 16;  // pieces of one STREAM frame
constexpr int kSilentPtos = 3;

struct Pieces {
  std::array<ngtcp2_vec, kVectors> vectors{};
  std::size_t count = 0;
  bool fin = false;
};

Pieces pieces_of(const StreamWrite& write) {
  Pieces pieces;
  pieces.count = std::min(write.data.size(), kVectors);
  for (std::size_t i = 0; i < pieces.count; ++i) {
    pieces.vectors[i] = {.base = static_cast<std::uint8_t*>(write.data[i].iov_base),
                         .len = write.data[i].iov_len};
  }
  pieces.fin = write.fin && pieces.count == write.data.size();
  return pieces;
}

}  // namespace

// RFC 8899 §4.3, which ngtcp2 leaves out: a path whose MTU has shrunk swallows full packets for
// ever. When nothing at all comes back for a while, only packets of the size that any path takes
// are made.
void Core::detect_black_hole(const ngtcp2_conn_info& info, TimePoint now) {
  if (packet_limit_ != kNoLimit) return;
  if (info.bytes_in_flight == 0) {
    unanswered_since_ = kNever;
  } else if (unanswered_since_ == kNever) {
    unanswered_since_ = now;
  } else if (now - unanswered_since_ >= kSilentPtos * pto() &&
             ngtcp2_conn_get_path_max_tx_udp_payload_size(conn()) > NGTCP2_MAX_UDP_PAYLOAD_SIZE) {
    packet_limit_ = NGTCP2_MAX_UDP_PAYLOAD_SIZE;
  }
}

// What one call of ngtcp2 writes for one send.
struct Core::Burst {
  const ngtcp2_path* path;  // of its first packet
  // A packet to elsewhere, at which the burst ended: ngtcp2 1.22 would send it, and with a
  // challenge of an old address at the front all data that follow, where the first one goes.
  std::vector<std::byte> stray{};
  Address stray_local{}, stray_remote{};
  Ecn stray_ecn{};
};

// One burst of packets of one size in a row, as much as pacing allows at once. The next one is due
// when ngtcp2's expiry says so, which may be now.
bool Core::write_burst(TimePoint now) {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn(), &info);
  detect_black_hole(info, now);
  renew_key(info, now);
  // Below the largest packet that it may send, ngtcp2 could not probe for the path's MTU.
  const std::size_t most = std::max(ngtcp2_conn_get_send_quantum(conn()),
                                    ngtcp2_conn_get_max_tx_udp_payload_size(conn()));
  const std::span space = outbox_.buffer().first(std::min(most, outbox_.buffer().size()));
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info mark{};
  std::size_t segment_bytes = 0;
  Burst burst{.path = &path.path};
  burst_ = &burst;
  const ngtcp2_ssize size = ngtcp2_conn_write_aggregate_pkt2(
      conn(), &path.path, &mark, as_u8(space.data()), space.size(), &segment_bytes, write_packet_cb,
      Outbox::kMostSegments, to_stamp(now));
  burst_ = nullptr;
  if (limits_paths()) budget_.asked(to_path(*ngtcp2_conn_get_path(conn())), now, pto());
  if (size < 0) {
    on_library_error(static_cast<int>(size), now);
    return false;
  }
  ngtcp2_conn_update_pkt_tx_time(conn(), to_stamp(now));
  if (size == 0) return false;
  outbox_.send({.local = Address(path.path.local.addr),
                .remote = Address(path.path.remote.addr),
                .ecn = static_cast<Ecn>(mark.ecn),
                .bytes = space.first(static_cast<std::size_t>(size)),
                .segment_bytes = segment_bytes});
  send_stray(burst);
  return to_time(ngtcp2_conn_get_expiry(conn())) <= now;
}

// Lost if the burst has blocked the way out, as packets may be.
void Core::send_stray(const Burst& burst) {
  if (burst.stray.empty() || outbox_.blocked()) return;
  const std::span bytes = outbox_.buffer().first(burst.stray.size());
  std::ranges::copy(burst.stray, bytes.begin());
  outbox_.send({.local = burst.stray_local,
                .remote = burst.stray_remote,
                .ecn = burst.stray_ecn,
                .bytes = bytes});
}

ngtcp2_ssize Core::write_packet_cb(ngtcp2_conn*, ngtcp2_path* path, ngtcp2_pkt_info* pi,
                                   std::uint8_t* dest, std::size_t size, ngtcp2_tstamp stamp,
                                   void* user) {
  Core& self = *static_cast<Core*>(user);
  Burst& burst = *self.burst_;
  if (!burst.stray.empty() || self.budget_.exhausted(to_time(stamp))) return 0;
  const std::span space(dest, std::min(size, self.packet_limit_));
  const ngtcp2_ssize written = self.write_packet(path, pi, space, stamp);
  if (written <= 0) return written;
  self.budget_.sent(to_path(*path), static_cast<std::size_t>(written));
  if (ngtcp2_path_eq(path, burst.path) != 0) return written;
  const auto packet = std::as_bytes(space.first(static_cast<std::size_t>(written)));
  burst.stray.assign(packet.begin(), packet.end());
  burst.stray_local = Address(path->local.addr);
  burst.stray_remote = Address(path->remote.addr);
  burst.stray_ecn = static_cast<Ecn>(pi->ecn);
  return 0;
}

// Asks the application for stream data until the packet is full or nothing is left. Between two
// calls of ngtcp2_conn_writev_stream no other function of ngtcp2 may be called.
ngtcp2_ssize Core::write_packet(ngtcp2_path* path, ngtcp2_pkt_info* pi,
                                std::span<std::uint8_t> dest, ngtcp2_tstamp stamp) {
  // Padding to full size keeps all packets of a burst alike, which is what UDP_SEGMENT takes.
  constexpr std::uint32_t kFlags = NGTCP2_WRITE_STREAM_FLAG_MORE | NGTCP2_WRITE_STREAM_FLAG_PADDING;
  std::uint64_t credit = ready_ ? ngtcp2_conn_get_max_data_left(conn()) : 0;
  for (;;) {
    StreamWrite write;
    if (credit > 0) {
      const Result<StreamWrite> next = application_->next_write();
      if (!next) return answer(std::unexpected(next.error()));
      write = *next;
    }
    const Pieces pieces = pieces_of(write);
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize size = ngtcp2_conn_writev_stream(
        conn(), path, pi, dest.data(), dest.size(), &taken,
        kFlags | (pieces.fin ? std::uint32_t{NGTCP2_WRITE_STREAM_FLAG_FIN} : 0U), write.stream,
        pieces.vectors.data(), pieces.count, stamp);
    switch (size) {
      case NGTCP2_ERR_STREAM_DATA_BLOCKED: application_->blocked(write.stream); continue;
      case NGTCP2_ERR_STREAM_NOT_FOUND:
      case NGTCP2_ERR_STREAM_SHUT_WR:
        if (const int failed = answer(application_->shut(write.stream)); failed != 0) return failed;
        continue;
      default: break;
    }
    if (size < 0 && size != NGTCP2_ERR_WRITE_MORE) return size;
    if (taken >= 0) {
      const auto bytes = static_cast<std::size_t>(taken);
      const int failed = answer(application_->wrote(write.stream, bytes, now_));
      if (failed != 0) return failed;
      credit -= std::min<std::uint64_t>(credit, bytes);
    }
    if (size != NGTCP2_ERR_WRITE_MORE) return size;
  }
}

}  // namespace troika::quic
