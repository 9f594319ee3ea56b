#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troika {

// The path and query of a request, normalized once by RFC 9112 §3.2 and RFC 3986.
struct Target {
  std::string raw;    // origin form as sent, but with UTF-8 percent-encoded: path, query; or "*"
  std::string path;   // percent-decoded once, dot segments removed, slashes collapsed; begins with
                      // "/"; "*" for OPTIONS *. Never contains NUL, "\" or a segment "..".
  std::string query;  // of `raw`, without "?", not decoded
  // The path was sent with an encoded slash. It is never a separator: `path` keeps it as "%2F".
  bool encoded_slash = false;

  friend bool operator==(const Target&, const Target&) = default;
};

// Accepts origin-form ("/a/b?c") or "*". Raw UTF-8, which some clients send, is treated as
// percent-encoded (RFC 3987 §3.1). Nothing when the response must be 400: no leading slash, a
// fragment, control bytes, invalid UTF-8, a bad escape, a backslash (raw or encoded), NUL, or a
// path that climbs above the root.
std::optional<Target> parse_target(std::string_view text);

// Whether it is host [":" port] (RFC 3986 §3.2.2), without user info.
bool valid_authority(std::string_view authority) noexcept;

}  // namespace troika
