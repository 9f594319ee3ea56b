#pragma once
#include <ngtcp2/ngtcp2.h>

#include "ports/address.h"
#include "proto/quic/cid.h"

namespace troika::quic {

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
