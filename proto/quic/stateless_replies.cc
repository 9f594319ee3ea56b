#include "proto/quic/stateless_replies.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>
#include <array>

#include "proto/quic/convert.h"

namespace troika::quic {
namespace {

// RFC 9000 §10.3: a reset below 41 bytes can be told apart from other packets.
constexpr std::size_t kResetBytes = 42;
constexpr std::size_t kShortestReset =
    NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN;

}  // namespace

bool StatelessReplies::add(const Datagram& to, std::span<const std::uint8_t> space,
                           ngtcp2_ssize size) {
  if (size <= 0) return false;
  const std::span bytes = std::as_bytes(space.first(static_cast<std::size_t>(size)));
  waiting_.push_back({to.local, to.remote, {bytes.begin(), bytes.end()}});
  return true;
}

bool StatelessReplies::version_negotiation(const Datagram& to, const ngtcp2_version_cid& packet,
                                           TimePoint now) {
  if (full() || !versions_.take(now)) return false;
  const std::uint64_t noise = random_.u64();
  // A reserved version, so that clients learn to ignore unknown ones (RFC 9000 §6.3).
  const std::uint32_t reserved = (static_cast<std::uint32_t>(noise) & 0xf0f0f0f0U) | 0x0a0a0a0aU;
  std::array<std::uint32_t, 1 + kVersions.size()> versions{reserved};
  std::ranges::copy(kVersions, versions.begin() + 1);
  std::array<std::uint8_t, 2 * 256 + 64> space;
  const ngtcp2_ssize size = ngtcp2_pkt_write_version_negotiation(
      space.data(), space.size(), static_cast<std::uint8_t>(noise >> 56U), packet.scid,
      packet.scidlen, packet.dcid, packet.dcidlen, versions.data(), versions.size());
  return add(to, space, size);
}

// At least one byte shorter than the packet, so that two servers cannot loop (RFC 9000 §10.3.3).
bool StatelessReplies::stateless_reset(const Datagram& to, std::span<const std::uint8_t> id,
                                       TimePoint now) {
  const std::size_t bytes = std::min(kResetBytes, to.bytes.size() - 1);
  if (bytes < kShortestReset || full() || !resets_.take(now)) return false;
  ngtcp2_cid cid;
  ngtcp2_cid_init(&cid, id.data(), id.size());
  const ngtcp2_stateless_reset_token token = ids_.token_of(cid);
  std::array<std::uint8_t, kResetBytes> noise, space;
  random_.fill(std::as_writable_bytes(std::span(noise)));
  const ngtcp2_ssize size = ngtcp2_pkt_write_stateless_reset2(
      space.data(), bytes, &token, noise.data(), bytes - NGTCP2_STATELESS_RESET_TOKENLEN);
  return add(to, space, size);
}

bool StatelessReplies::retry(const Datagram& to, const ngtcp2_pkt_hd& initial,
                             const ngtcp2_cid& scid, std::span<const std::uint8_t> token) {
  if (full() || token.empty()) return false;
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> space;
  const ngtcp2_ssize size =
      ngtcp2_crypto_write_retry(space.data(), space.size(), initial.version, &initial.scid, &scid,
                                &initial.dcid, token.data(), token.size());
  return add(to, space, size);
}

bool StatelessReplies::refuse(const Datagram& to, const ngtcp2_pkt_hd& initial,
                              std::uint64_t error) {
  if (full()) return false;
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> space;
  const ngtcp2_ssize size = ngtcp2_crypto_write_connection_close(
      space.data(), space.size(), initial.version, &initial.scid, &initial.dcid, error, nullptr, 0);
  return add(to, space, size);
}

void StatelessReplies::flush(SendBuffer& out) {
  std::size_t sent = 0;
  for (; sent < waiting_.size() && !out.blocked(); ++sent) {
    const Waiting& reply = waiting_[sent];
    out.send_copy({.local = reply.local, .remote = reply.remote, .bytes = reply.bytes});
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace troika::quic
