#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message/fields.h"
#include "http/message/message.h"

namespace troika::h1 {

// How the end of a body is shown on the wire.
enum class Delimiter : std::uint8_t { none, length, chunked, close };

struct ResponseShape {
  Delimiter body = Delimiter::none;
  std::string_view connection;  // value of that field; empty: none
};

std::string response_head(const ResponseHead& head, ResponseShape shape);
// length: of the body; nullopt with Delimiter::chunked. Adds Host and the framing.
std::string request_head(const Request& request, Delimiter body,
                         std::optional<std::uint64_t> length);

// Without fields of framing and of upgrades, and without those that are not valid: with a line end
// in it, a field could inject another one, or a message.
void append_fields(std::string& to, const HeaderMap& fields);

std::string chunk_head(std::size_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
std::string last_chunk(const HeaderMap& trailers);

}  // namespace troika::h1
