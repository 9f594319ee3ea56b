#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/address.h"
#include "tools/cli/stop.h"
#include "tools/network/path.h"

namespace troika::relay {

using network::PathOptions;

struct AddressChange {
  Duration at;  // from the client's first datagram
  Address from;
};

struct Options {
  Address listen = Address::v4(INADDR_LOOPBACK, 9443);
  Address to;
  PathOptions up, down;                       // from the client to the server, and back
  Duration rebind_port{};                     // zero: never
  std::vector<AddressChange> rebind_address;  // ordered by time
  std::string trace;                          // a file; empty: none
  std::uint64_t seed = 1;
  Duration length = std::chrono::minutes(10);
  std::size_t max_clients = 64;
  bool shared_line = false;  // one path for all clients, which then compete for it
  // Limits for all clients together, beyond those of the paths; more are dropped.
  std::size_t most_waiting = 100'000, most_waiting_bytes = 64U << 20U;
};

// Without the program's name.
std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words);

}  // namespace troika::relay
