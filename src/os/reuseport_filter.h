#pragma once
#include "base/result.h"

namespace troika {

// Makes the kernel give every datagram of a SO_REUSEPORT group of UDP sockets to member
// (first byte of the QUIC destination connection id mod workers); members count in the order in
// which they were bound. Set it on one member when all are bound. It survives a peer's move to
// another address, and needs no privileges.
Status steer_by_connection_id(int fd, unsigned workers);

}  // namespace troika
