#pragma once
#include <cstddef>
#include <string>

#include "ports/address.h"
#include "ports/transport.h"

namespace troika {

// Who is at the other end, and how it came here; owned by the connection and valid as long as it.
struct PeerInfo {
  Address remote, local;
  SecurityInfo security;
  std::string alt_svc;  // value of the Alt-Svc field for answers on this connection; empty: none
  // Exchanges that wait for the end of the handshake. They count themselves, which is all that they
  // change here.
  mutable std::size_t held = 0;
};

}  // namespace troika
