#pragma once
#include "tools/parity/ask.h"
#include "tools/parity/profiles.h"

namespace troika::parity {

// What docs/static-files.md and RFC 9110 say of every answer of this server, whatever was asked; a
// line for each that does not hold.
std::vector<std::string> broken(const Ask& ask, const Profile& profile, std::string_view protocol,
                                const Answer& answer);

// "404 Not Found\n" and the like, from RFC 9110 §15 and RFC 6585 §5; "" for a status without one.
std::string short_text(std::uint16_t status);
// Whether `status` is answered by the handler, and not refused before one sees the request.
bool of_handler(std::uint16_t status);

}  // namespace troika::parity
