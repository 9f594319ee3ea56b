#pragma once
#include <cstddef>
#include <string>

#include "ports/address.h"

namespace troika {

// A network is the first bits of its addresses; the others are 0, and so is the port.
struct NetworkBits {
  unsigned v4, v6;  // at most 32 and 128
};

// How others cut addresses before they call them anonymous: so many people share what is left that
// it names none of them.
inline constexpr NetworkBits kAnonymous{.v4 = 24, .v6 = 48};

// The network that the address is in.
Address network_of(const Address& address, NetworkBits bits) noexcept;

// As Address::ip(), without an allocation of its own.
void append_ip(std::string& to, const Address& address);

}  // namespace troika
