#pragma once
#include <ngtcp2/ngtcp2.h>

#include "base/clock.h"
#include "base/random.h"
#include "proto/quic/client_connection.h"
#include "proto/quic/endpoint.h"

namespace troika::quic {

// The versions that this side speaks (RFC 9000 only); also what Version Negotiation offers.
inline constexpr std::uint32_t kVersion = NGTCP2_PROTO_VER_V1;

ngtcp2_settings make_settings(TimePoint now, Duration handshake_timeout, Random& random);

// RFC 9000 §18.2; what depends on the connection (ids, token) is left to the caller.
ngtcp2_transport_params make_params(const EndpointConfig& config);
ngtcp2_transport_params make_params(const ClientConfig& config);

}  // namespace troika::quic
