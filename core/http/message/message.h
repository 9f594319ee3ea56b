#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message/fields.h"
#include "http/message/target.h"

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

// RFC 9110 §9.3 and RFC 5789. `other` is any other token: handlers that do not know it respond with
// 501.
enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  del,
  connect,
  options,
  trace,
  patch,
  other
};

inline constexpr std::array<std::string_view, 9> kMethodNames{
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

// Methods are case-sensitive.
constexpr Method method_from(std::string_view token) noexcept {
  for (std::size_t i = 0; i < kMethodNames.size(); ++i) {
    if (kMethodNames[i] == token) return static_cast<Method>(i);
  }
  return Method::other;
}
// "" for other.
constexpr std::string_view name_of(Method method) noexcept {
  return method == Method::other ? "" : kMethodNames[static_cast<std::size_t>(method)];
}

// A request as handlers see it, the same for every protocol; a value that owns its text.
struct Request {
  Method method = Method::get;
  std::string method_text;  // as sent
  std::string scheme;       // "https" or "http"
  std::string authority;    // host and port as sent, from :authority, the absolute form or Host
  // Not empty: the client offers a tunnel for this protocol, by an upgrade (h1) or by extended
  // CONNECT (RFC 8441, RFC 9220). It has no content then: what follows goes through the tunnel.
  std::string protocol;
  Target target;
  // Without pseudo fields, Host, Content-Length, and what is meant for one connection only: the
  // h1 framing fields, TE, Proxy-Authorization, and what Connection names.
  HeaderMap headers;
  HttpVersion version = HttpVersion::http11;
  std::optional<std::uint64_t> content_length;  // as declared; nullopt: none declared
  bool has_body = false;                        // content follows (it may be empty)
  bool expects_continue = false;
  bool early_data = false;
};

// Bytes of memory that the texts of a request take.
inline std::size_t held_by(const Request& request) noexcept {
  std::size_t bytes = request.headers.held();
  for (const std::string* text :
       {&request.method_text, &request.scheme, &request.authority, &request.protocol,
        &request.target.raw, &request.target.path, &request.target.query}) {
    bytes += text->capacity();
  }
  return bytes;
}

struct ResponseHead {
  std::uint16_t status = 200;
  HeaderMap headers;    // without Connection, Transfer-Encoding and other framing fields
  bool tunnel = false;  // with 2xx: takes the tunnel that was offered
  // Made elsewhere: it keeps its Date and Server, and, for HEAD and 304, its Content-Length.
  bool forwarded = false;
};

// How the content after a head is framed. `none`: no content (HEAD, 1xx, 204, 304).
struct BodyFraming {
  enum class Kind : std::uint8_t { none, length, until_end } kind = Kind::none;
  std::uint64_t length = 0;  // bytes, for `length`; the response has Content-Length
};

}  // namespace troika
