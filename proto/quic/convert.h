#pragma once
#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "ports/address.h"
#include "proto/quic/config.h"

// Between our types and ngtcp2's.
namespace troika::quic {

inline ngtcp2_tstamp to_stamp(TimePoint time) noexcept {
  return static_cast<ngtcp2_tstamp>(time.time_since_epoch().count());
}

// UINT64_MAX is ngtcp2's "never".
inline TimePoint to_time(ngtcp2_tstamp stamp) noexcept {
  constexpr auto kLast = static_cast<ngtcp2_tstamp>(std::numeric_limits<Duration::rep>::max());
  return stamp >= kLast ? kNever : TimePoint(Duration(static_cast<Duration::rep>(stamp)));
}

inline ngtcp2_duration to_duration(Duration duration) noexcept {
  return static_cast<ngtcp2_duration>(duration.count());
}

inline Duration from_duration(ngtcp2_duration duration) noexcept {
  return to_time(duration).time_since_epoch();
}

inline const std::uint8_t* as_u8(const std::byte* bytes) noexcept {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}
inline std::uint8_t* as_u8(std::byte* bytes) noexcept {
  return reinterpret_cast<std::uint8_t*>(bytes);
}
inline const std::byte* as_bytes(const std::uint8_t* bytes) noexcept {
  return reinterpret_cast<const std::byte*>(bytes);
}

// The local and the remote address of a packet.
struct Path {
  Address local, remote;

  friend bool operator==(const Path&, const Path&) noexcept = default;
  bool is(const ngtcp2_path& other) noexcept {
    const ngtcp2_path own = view();
    return ngtcp2_path_eq(&own, &other) != 0;
  }
  ngtcp2_path view() noexcept {
    return {.local = {.addr = local.get(), .addrlen = local.size()},
            .remote = {.addr = remote.get(), .addrlen = remote.size()},
            .user_data = nullptr};
  }
};

inline Path to_path(const ngtcp2_path& path) noexcept {
  return {Address(path.local.addr), Address(path.remote.addr)};
}

std::string library_version();  // "ngtcp2 1.2.3", as linked at run time

// The versions that a server speaks, the preferred one first. Version Negotiation offers them, too.
inline constexpr std::array<std::uint32_t, 2> kVersions{NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1};

constexpr bool is_spoken(std::uint32_t version) noexcept {
  return std::ranges::find(kVersions, version) != kVersions.end();
}

// A server's estimate before it has measured a round trip. RFC 9002 §6.2.2 recommends 333 ms; with
// 200 ms a lost first flight is sent again after 600 ms instead of a second, and distant clients
// get some packets twice. It is not shorter because ngtcp2 also derives from it how long the
// validation of a new path may take (RFC 9000 §8.2.4), and round trips of 1.5 s exist.
inline constexpr Duration kInitialRtt = std::chrono::milliseconds(200);

// The versions that the peer is told of. With `moves`, the connection may change to another one of
// them during the handshake (RFC 9368 §2.3). They outlive the call that takes the settings.
struct Versions {
  std::span<const std::uint32_t> versions;
  bool moves = true;
};
ngtcp2_settings make_settings(TimePoint now, Duration handshake_timeout, Random& random,
                              Congestion congestion, const Versions& versions);

// RFC 9000 §18.2. The caller adds what depends on the connection (ids, token).
ngtcp2_transport_params make_params(const EndpointConfig& config, std::uint64_t uni_streams);
ngtcp2_transport_params make_params(const ClientConfig& config, std::uint64_t uni_streams);

}  // namespace troika::quic
