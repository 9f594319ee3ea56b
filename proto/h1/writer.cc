#include "proto/h1/writer.h"

#include <array>

#include "base/text.h"
#include "http/message/error_response.h"
#include "http/message/field_rules.h"

namespace troika::h1 {
namespace {

// Writes into memory that is large enough.
class Pen {
 public:
  explicit Pen(char* at) noexcept : at_(at) {}
  void put(std::string_view text) noexcept { at_ = std::ranges::copy(text, at_).out; }
  void line(std::string_view name, std::string_view value) noexcept {
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  char* at() const noexcept { return at_; }

 private:
  char* at_;
};

void line(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ").append(value).append("\r\n");
}

// What is of this connection, Host, TE and what an upgrade says are added by the caller.
bool is_ours(FieldName name) noexcept {
  switch (name) {
    case FieldName::host:
    case FieldName::te:
    case FieldName::sec_websocket_key:
    case FieldName::sec_websocket_accept: return true;
    default: return is_connection_field(name);
  }
}

constexpr std::size_t kLineBytes = 4;      // of a field, beside its name and its value
constexpr std::size_t kFramingBytes = 96;  // status line, and what is added here

// At most what append_fields() appends.
std::size_t size_of(const HeaderMap& fields) noexcept {
  return fields.text_size() + kLineBytes * fields.size();
}

}  // namespace

void append_fields(std::string& to, const HeaderMap& fields) {
  std::string cookies;  // RFC 9113 §8.2.3: in h1 they are one field
  const std::size_t before = to.size();
  to.resize_and_overwrite(before + size_of(fields), [&](char* text, std::size_t) {
    Pen pen(text + before);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (is_ours(fields.name(i)) || !fields.is_valid(i)) continue;
      const auto [name, value] = fields[i];
      if (fields.name(i) == FieldName::cookie) {
        cookies.append(cookies.empty() ? "" : "; ").append(value);
      } else {
        pen.line(name, value);
      }
    }
    return static_cast<std::size_t>(pen.at() - text);
  });
  if (!cookies.empty()) line(to, "cookie", cookies);
}

std::string response_head(const ResponseHead& head, ResponseShape shape) {
  std::string text;
  text.reserve(kFramingBytes + size_of(head.headers));
  std::array<char, 3> status{};
  unsigned rest = head.status;
  for (auto digit = status.rbegin(); digit != status.rend(); ++digit, rest /= 10) {
    *digit = static_cast<char>('0' + rest % 10);
  }
  text.append("HTTP/1.1 ").append(status.data(), status.size()).append(" ");
  text.append(reason_phrase(head.status)).append("\r\n");
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
  std::string text;
  text.reserve(kFramingBytes + method.size() + request.target.raw.size() +
               request.authority.size() + size_of(request.headers));
  text.append(method).append(" ").append(request.target.raw).append(" HTTP/1.1\r\n");
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
