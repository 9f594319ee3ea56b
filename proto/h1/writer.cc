#include "proto/h1/writer.h"

#include <iterator>

#include "base/text.h"
#include "http/message/error_response.h"
#include "http/message/field_rules.h"

namespace troika::h1 {
namespace {

void line(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ").append(value).append("\r\n");
}

// What is of this connection, Host, TE and what an upgrade says are added by the caller.
bool is_ours(std::string_view name) noexcept {
  return is_connection_field(name) || name == "host" || name == "te" ||
         name == "sec-websocket-key" || name == "sec-websocket-accept";
}

}  // namespace

void append_fields(std::string& to, const HeaderMap& fields) {
  std::string cookies;  // RFC 9113 §8.2.3: in h1 they are one field
  for (const auto [name, value] : fields) {
    if (is_ours(name) || !ascii::is_token(name) || !valid_field_value(value)) continue;
    if (name == "cookie") {
      cookies.append(cookies.empty() ? "" : "; ").append(value);
    } else {
      line(to, name, value);
    }
  }
  if (!cookies.empty()) line(to, "cookie", cookies);
}

std::string response_head(const ResponseHead& head, ResponseShape shape) {
  std::string text = formatted("HTTP/1.1 {:03} {}\r\n", head.status, reason_phrase(head.status));
  append_fields(text, head.headers);
  if (shape.body == Delimiter::chunked) line(text, "transfer-encoding", "chunked");
  if (head.status == 426) line(text, "upgrade", "websocket");  // RFC 9110 §15.5.22
  if (!shape.connection.empty()) line(text, "connection", shape.connection);
  return text += "\r\n";
}

std::string request_head(const Request& request, Delimiter body,
                         std::optional<std::uint64_t> length) {
  const std::string_view method =
      request.method_text.empty() ? name_of(request.method) : request.method_text;
  std::string text = formatted("{} {} HTTP/1.1\r\n", method, request.target.raw);
  line(text, "host", request.authority);
  append_fields(text, request.headers);
  if (request.headers.has("te")) text += "te: trailers\r\nconnection: te\r\n";
  if (request.expects_continue) line(text, "expect", "100-continue");
  if (length) line(text, "content-length", formatted("{}", *length));
  if (body == Delimiter::chunked) line(text, "transfer-encoding", "chunked");
  return text += "\r\n";
}

std::string chunk_head(std::size_t size) { return formatted("{:x}\r\n", size); }

std::string last_chunk(const HeaderMap& trailers) {
  std::string text = "0\r\n";
  append_fields(text, trailers);
  return text += "\r\n";
}

}  // namespace troika::h1
