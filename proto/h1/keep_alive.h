#pragma once
#include <cstdint>

#include "http/message/version.h"

namespace troika::h1 {

// How the rest of the request body stands when the answer's head is written.
enum class BodyRest : std::uint8_t {
  none,     // it has ended
  bounded,  // it will be read, or is short enough to be discarded
  given_up  // too long to discard, or it may never come (RFC 9110 §10.1.1)
};

struct KeepAliveFacts {
  HttpVersion version = HttpVersion::http11;
  bool says_close = false;       // Connection: close in the request
  bool says_keep_alive = false;  // Connection: keep-alive
  bool upgrade = false;    // an Upgrade field: what follows may be another protocol (RFC 9931)
  bool until_end = false;  // the answer's length is not known beforehand
  bool refused = false;    // the request was not valid
  bool draining = false;
  BodyRest rest = BodyRest::none;
};

// RFC 9112 §9.3: may another request come on this connection after this answer?
constexpr bool keeps_alive(const KeepAliveFacts& facts) noexcept {
  if (facts.says_close || facts.upgrade || facts.refused || facts.draining) return false;
  if (facts.rest == BodyRest::given_up) return false;
  // HTTP/1.0 has no chunks: what has no length ends with the connection.
  if (facts.version == HttpVersion::http10) return facts.says_keep_alive && !facts.until_end;
  return true;
}

}  // namespace troika::h1
