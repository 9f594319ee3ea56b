#pragma once
#include <cstdint>
#include <string_view>

namespace troika {

enum class HttpVersion : std::uint8_t { http10, http11, http2, http3 };

constexpr std::string_view name_of(HttpVersion version) noexcept {
  switch (version) {
    case HttpVersion::http10: return "HTTP/1.0";
    case HttpVersion::http11: return "HTTP/1.1";
    case HttpVersion::http2: return "HTTP/2";
    case HttpVersion::http3: return "HTTP/3";
  }
  return "";
}

}  // namespace troika
