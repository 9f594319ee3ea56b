#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troika {

// The path and query of a request, after RFC 9112 §3.2 and RFC 3986 were applied once.
struct Target {
  std::string raw;    // origin form as it was sent: path and query, or "*"
  std::string path;   // percent-decoded once, dot segments removed, slashes collapsed; begins with
                      // "/"; "*" for OPTIONS *. Never holds NUL, "\" or a segment "..".
  std::string query;  // without "?", not decoded

  friend bool operator==(const Target&, const Target&) = default;
};

// Takes origin-form ("/a/b?c") or "*". Empty for what must be answered 400: no leading slash, a
// fragment, control or non-ASCII bytes, a bad escape, an encoded slash, backslash or NUL, or a path
// that climbs above the root.
std::optional<Target> parse_target(std::string_view text);

}  // namespace troika
