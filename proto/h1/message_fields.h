#pragma once
#include <cstdint>
#include <string_view>

#include "http/message/version.h"

namespace troika::h1 {

// What the fields of one message say about its framing and about the connection (RFC 9112 §6, §9).
class MessageFields {
 public:
  void field(std::string_view name, std::string_view value);

  enum class Body : std::uint8_t { absent, length, chunked };
  // The status to refuse a request with, or 0. A response with a fault is no response.
  std::uint16_t fault(HttpVersion version) const noexcept;
  Body body() const noexcept;

  bool close() const noexcept { return close_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool upgrade() const noexcept { return upgrade_; }

 private:
  // Of Transfer-Encoding: `chunked` alone is what we know.
  enum class Coding : std::uint8_t { absent, chunked, unknown, malformed };

  static Coding coding_of(std::string_view value) noexcept;
  void connection(std::string_view value) noexcept;

  unsigned lengths_ = 0;
  Coding coding_ = Coding::absent;
  bool close_ = false, keep_alive_ = false, upgrade_ = false;
};

}  // namespace troika::h1
