#pragma once
#include "server/startup.h"

namespace troika {

// Makes the kernel give datagrams for `address` to their workers; `group` is one of the sockets
// there. Without it they are handed on, which a warning says.
void steer(Startup& startup, const Address& address, int group);

// The sockets for --preferred-address, and the folder of --qlog. After the listeners are bound.
Checked<void> prepare_quic(const ServeOptions& options, Startup& startup);

}  // namespace troika
