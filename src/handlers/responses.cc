#include "handlers/responses.h"

#include <algorithm>

#include "base/text.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

bool hidden_segment(std::string_view segment) noexcept {
  return (segment.starts_with('.') && segment != ".well-known") || segment.ends_with('~');
}

bool is_pchar(char c) noexcept {  // RFC 3986 §3.3, without "%"
  return ascii::is_alpha(c) || ascii::is_digit(c) ||
         std::string_view("-._~!$&'()*+,;=:@").contains(c);
}

template <class Allowed>
std::string encode(std::string_view text, Allowed allowed) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (allowed(c)) {
      out.push_back(c);
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

}  // namespace

bool respond_to_method(const Request& request, Responder& responder) {
  if (request.method == Method::get || request.method == Method::head) return false;
  if (request.method == Method::options) {
    ResponseHead head;
    head.status = 204;
    head.headers.add("allow", kAllow);
    std::ignore = responder.respond(std::move(head), nullptr);
    return true;
  }
  auto [head, body] = error_answer(405);
  head.headers.add("allow", kAllow);
  std::ignore = responder.respond(std::move(head), std::move(body));
  return true;
}

void respond_status(Responder& responder, std::uint16_t status) {
  auto [head, body] = error_answer(status);
  std::ignore = responder.respond(std::move(head), std::move(body));
}

bool is_hidden(std::string_view path) noexcept {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (hidden_segment(path.substr(0, end))) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::string encode_path(std::string_view path) {
  return encode(path, [](char c) { return is_pchar(c) || c == '/'; });
}

std::string encode_query(std::string_view query) {
  return encode(query, [](char c) { return is_pchar(c) || c == '/' || c == '?' || c == '%'; });
}

}  // namespace troika
