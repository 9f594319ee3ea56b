#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "http/message/header_map.h"
#include "http/message/method.h"
#include "http/message/target.h"
#include "http/message/version.h"

namespace troika {

// A request as handlers see it; a value that owns its text, the same whatever protocol it came by.
struct Request {
  Method method = Method::get;
  std::string method_text;  // as sent
  std::string scheme;       // "https" or "http"
  std::string authority;    // host and port as sent, from :authority, the absolute form or Host
  std::string protocol;     // RFC 8441 ":protocol", else empty
  Target target;
  HeaderMap headers;  // without pseudo fields, Host, and the fields of h1's framing
  HttpVersion version = HttpVersion::http11;
  std::optional<std::uint64_t> content_length;  // as declared; nullopt: none declared
  bool has_body = false;                        // a body follows (it may turn out empty)
  bool expects_continue = false;
  bool early_data = false;
};

}  // namespace troika
