#pragma once
#include <cstdint>
#include <string>

#include "tools/network/counts.h"

namespace troika::relay {

using network::Counts;

struct Summary {
  Counts up, down;
  std::uint64_t clients = 0, refused = 0;  // accepted clients; datagrams of other clients
  std::uint64_t foreign = 0;               // datagrams to clients that are not from the server
  std::uint64_t port_changes = 0, address_changes = 0, failed_changes = 0;
};

std::string text_of(const Summary& summary);

}  // namespace troika::relay
