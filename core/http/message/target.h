#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troika {

// The path and query of a request, after RFC 9112 §3.2 and RFC 3986 were applied once.
struct Target {
  std::string raw;    // origin form as it was sent, but UTF-8 percent-encoded: path, query; or "*"
  std::string path;   // percent-decoded once, dot segments removed, slashes collapsed; begins with
                      // "/"; "*" for OPTIONS *. Never holds NUL, "\" or a segment "..".
  std::string query;  // of `raw`, without "?", not decoded

  friend bool operator==(const Target&, const Target&) = default;
};

// Takes origin-form ("/a/b?c") or "*". UTF-8 that is not percent-encoded is taken as if it were
// (RFC 3987 §3.1): some clients send it. Empty for what must be answered 400: no leading slash, a
// fragment, control bytes, what is not UTF-8, a bad escape, an encoded slash, backslash or NUL, or
// a path that climbs above the root.
std::optional<Target> parse_target(std::string_view text);

// host [":" port] as RFC 3986 §3.2.2 has it, without user info.
bool valid_authority(std::string_view authority) noexcept;

}  // namespace troika
