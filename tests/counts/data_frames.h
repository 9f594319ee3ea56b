#pragma once
#include <cstdint>
#include <string>

#include "os/fd.h"
#include "ports/address.h"

namespace troika::counts {

struct DataFrames {
  std::uint64_t frames = 0, bytes = 0;
};

// Asks for `target` over HTTP/2 without TLS and with windows that never close, and counts the
// frames that its content comes in. What fails throws.
DataFrames count_data_frames(const Address& server, const std::string& target);

// Asks for `target` without TLS, and takes nothing of the response from the socket.
Fd ask_and_read_nothing(const Address& server, const std::string& target, bool h2);

// A hundred requests over HTTP/2 without TLS, each with 32 KiB of fields that cost 9 bytes and with
// 16 ranges, and with windows that are closed: the responses have to be held.
Fd ask_and_let_wait(const Address& server, const std::string& target);

}  // namespace troika::counts
