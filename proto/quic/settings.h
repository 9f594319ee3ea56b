#pragma once
#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "ports/address.h"
#include "proto/quic/cid.h"
#include "proto/quic/config.h"

namespace troika::quic {

std::string library_version();  // "ngtcp2 1.2.3", as linked at run time

// The versions that a server speaks, the better one first. Also what Version Negotiation offers.
inline constexpr std::array<std::uint32_t, 2> kVersions{NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1};

constexpr bool is_spoken(std::uint32_t version) noexcept {
  return std::ranges::find(kVersions, version) != kVersions.end();
}

// Of servers, as no round trip has been measured yet. RFC 9002 §6.2.2 recommends 333 ms; with this
// a lost first flight is sent again after 600 ms instead of a second. It costs clients that are
// further away some packets more. Not shorter: ngtcp2 also derives from it how long the validation
// of a new path may take (RFC 9000 §8.2.4), and paths with a round trip of 1.5 s are to be found.
inline constexpr Duration kInitialRtt = std::chrono::milliseconds(200);

// `versions`: those that the peer is told of; with `moves`, the connection may go over from one to
// another of them within the handshake (RFC 9368 §2.3). They outlive the call that takes the
// settings.
struct Versions {
  std::span<const std::uint32_t> versions;
  bool moves = true;
};
ngtcp2_settings make_settings(TimePoint now, Duration handshake_timeout, Random& random,
                              Congestion congestion, const Versions& versions);

// RFC 9000 §18.2; what depends on the connection (ids, token) is left to the caller.
ngtcp2_transport_params make_params(const EndpointConfig& config, std::uint64_t uni_streams);
ngtcp2_transport_params make_params(const ClientConfig& config, std::uint64_t uni_streams);

// Server: whether a client that came to `local` is asked to move. Who is at one of the preferred
// addresses already is left there.
bool is_to_move(const EndpointConfig& config, const Address& local) noexcept;

// The transport parameter (RFC 9000 §18.2) with an id of its own, which the caller registers.
void set_preferred_address(ngtcp2_transport_params& params, const EndpointConfig& config,
                           IdFactory& ids) noexcept;

// Client: the one that `path` can reach becomes its remote end; without one it stays as it is.
void choose_preferred_address(const ngtcp2_preferred_addr& offered, const Address& local,
                              ngtcp2_path& path) noexcept;

}  // namespace troika::quic
