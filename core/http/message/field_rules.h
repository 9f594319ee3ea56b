#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/fields.h"
#include "http/message/limits.h"
#include "http/message/message.h"

// What the builders of requests, responses and trailers have in common.
namespace troika {

inline constexpr std::size_t kFieldOverhead = 32;  // what a field costs beside its text

constexpr bool is_h1(HttpVersion version) noexcept { return version < HttpVersion::http2; }

// Adds a field that was received. False: it is not valid (RFC 9110 §5.1, §5.5), and was not added.
// In h2 and h3 the name has to be in lower case, without white space around the value (RFC 9113
// §8.2.1, RFC 9114 §4.2).
bool add_valid_field(HttpVersion version, std::string_view name, std::string_view value,
                     HeaderMap& to);

// RFC 9113 §8.2.2, RFC 9114 §4.2: fields of one h1 connection.
constexpr bool is_connection_field(FieldName name) noexcept {
  switch (name) {
    case FieldName::connection:
    case FieldName::keep_alive:
    case FieldName::proxy_connection:
    case FieldName::transfer_encoding:
    case FieldName::upgrade: return true;
    default: return false;
  }
}

// RFC 9110 §8.6: decimal digits only, leading zeros allowed. Not above INT64_MAX, so that callers
// can add to it.
std::optional<std::uint64_t> parse_length(std::string_view text) noexcept;

// The fields that a message names in Connection: they are meant for its next recipient only and go
// no further (RFC 9110 §7.6.1). Naming a field that is meant for all recipients, like Host or
// Content-Length, has no effect: a client could otherwise remove what a handler relies on.
class ConnectionOptions {
 public:
  // The value of a Connection field. False: more than limits.connection_options names.
  bool add(std::string_view value, const Limits& limits);
  bool has(std::string_view name) const noexcept;  // in lower case
  void remove_from(HeaderMap& headers) const;

 private:
  std::vector<std::string> names_;  // in lower case; only those that have an effect
};

}  // namespace troika
