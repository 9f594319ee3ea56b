#pragma once
// Initial packets of version 1 with frames made by hand, and what a server says in its own: their
// keys follow from the client's first id (RFC 9001 §5.2), which everybody sees.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "unit/proto/quic/packets.h"

namespace troika::vectors {

inline const test::Bytes kClientsChoice(8, std::byte{0x31}), kClientId(8, std::byte{0x32});

// In a datagram of 1200 bytes, padded by PADDING frames.
test::Bytes initial_packet(std::string_view frames, std::uint8_t number = 0);

// The error code of the CONNECTION_CLOSE in an Initial of the server; none: it holds no such frame,
// or is another packet.
std::optional<std::uint64_t> close_code_in(const test::Bytes& datagram);

}  // namespace troika::vectors
