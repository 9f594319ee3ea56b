#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ports/address.h"

namespace troika {

std::optional<std::uint16_t> port_number(std::string_view text);

std::vector<Address> loopback(std::uint16_t port);  // IPv4, IPv6

// "[ADDR:]PORT". "PORT" and "localhost:PORT" stand for loopback, ":PORT" and "*:PORT" for all
// addresses: those give one of IPv4 and one of IPv6, anything else one. The error is one sentence.
Checked<std::vector<Address>> addresses_of(std::string_view text);

}  // namespace troika
