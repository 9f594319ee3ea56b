#pragma once
#include <cstdint>

#include "http/message/header_map.h"

namespace troika {

struct ResponseHead {
  std::uint16_t status = 200;
  HeaderMap headers;    // no Connection, Transfer-Encoding or other field of one protocol's framing
  bool tunnel = false;  // CONNECT and WebSocket: both bodies go on for as long as they like
};

// What follows a head. `none`: no body bytes at all (HEAD, 1xx, 204, 304).
struct BodyFraming {
  enum class Kind : std::uint8_t { none, length, until_end } kind = Kind::none;
  std::uint64_t length = 0;  // for `length`; such a response carries the Content-Length field
};

}  // namespace troika
