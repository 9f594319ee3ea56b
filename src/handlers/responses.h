#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange/handler.h"

namespace troika {

// What the handlers of read-only content have in common.

// The Allow field of read-only content.
inline constexpr std::string_view kAllow = "GET, HEAD, OPTIONS";

// True when it answered: OPTIONS, and every method that only reads does not know.
bool respond_to_method(const Request& request, Responder& responder);

// A short answer of plain text.
void respond_status(Responder& responder, std::uint16_t status);

// A path that is not for visitors: with a segment that begins with a dot (but .well-known, RFC
// 8615) or ends with "~", as editors name what they keep.
bool is_hidden(std::string_view path) noexcept;

// The path as it stands in a URI: what is not a pchar or a slash is percent-encoded.
std::string encode_path(std::string_view path);
// A query, as it was sent, as one (RFC 3986 §3.4): what is encoded already stays.
std::string encode_query(std::string_view query);

}  // namespace troika
