#include "http/message/response_builder.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace troika {
namespace {

// RFC 9110 §11.7: between a proxy and its client. A proxy's client is us, not ours.
bool is_proxy_field(std::string_view name) noexcept {
  return name == "proxy-authenticate" || name == "proxy-authentication-info";
}

}  // namespace

ResponseBuilder::ResponseBuilder(const Limits& limits, HttpVersion version, Method asked,
                                 bool keeps_fields)
    : limits_(limits), version_(version), asked_(asked), keeps_fields_(keeps_fields) {}

void ResponseBuilder::pay(std::size_t name_bytes, std::size_t value_bytes) noexcept {
  section_.cost += name_bytes + value_bytes + kFieldOverhead;
  if (section_.cost > limits_.response_bytes) fail(Fault::too_big);
}

void ResponseBuilder::status_line(HttpVersion version, std::uint16_t status) {
  version_ = version;
  set_status(status);
}

void ResponseBuilder::status(std::string_view text) {
  pay(7, text.size());
  if (text.size() != 3 || !std::ranges::all_of(text, ascii::is_digit)) return set_status(0);
  unsigned status = 0;
  for (const char digit : text) status = 10 * status + static_cast<unsigned>(digit - '0');
  set_status(status);
}

// RFC 9110 §15: only 100 to 599 are valid. 101 takes the tunnel that a request asks for in h1; h2
// and h3 do not have it (RFC 9113 §8.6, RFC 9114 §4.5).
void ResponseBuilder::set_status(unsigned status) noexcept {
  const bool takes_tunnel = asked_ == Method::connect && is_h1(version_);
  const bool valid = status >= 100 && status <= 599 && (status != 101 || takes_tunnel);
  if (complete_ || !valid || section_.head.status != 0) return fail(Fault::malformed);
  section_.head.status = static_cast<std::uint16_t>(status);
}

void ResponseBuilder::field(std::string_view name, std::string_view value) {
  if (is_h1(version_)) value = ascii::trim(value);
  pay(name.size(), value.size());
  if (++section_.fields > limits_.response_count) fail(Fault::too_big);
  if (fault_) return;
  if (!keeps_fields_) return skip(name, value);
  HeaderMap& headers = section_.head.headers;
  if (!add_valid_field(version_, name, value, headers)) return fail(Fault::malformed);
  const std::size_t last = headers.size() - 1;
  const FieldName known = headers.name(last);
  if (connection_field(known, value) || is_proxy_field(headers[last].name)) {
    return headers.pop_back();
  }
  if (known == FieldName::content_length) content_length_field(value);
}

// Nobody sees it: only what frames the message matters.
void ResponseBuilder::skip(std::string_view name, std::string_view value) {
  std::array<char, std::string_view("transfer-encoding").size()> lower;  // the longest of those
  if (name.size() > lower.size()) return;
  std::ranges::transform(name, lower.begin(), ascii::lower);
  const FieldName known = field_name({lower.data(), name.size()});
  if (!connection_field(known, value) && known == FieldName::content_length) {
    content_length_field(value);
  }
}

bool ResponseBuilder::connection_field(FieldName name, std::string_view value) {
  if (name == FieldName::te) {  // of requests, and the only one that h2 and h3 have
    if (!is_h1(version_) && !ascii::equal_ignoring_case(value, "trailers")) fail(Fault::malformed);
    return true;
  }
  if (!is_connection_field(name)) return false;
  if (!is_h1(version_)) {
    fail(Fault::malformed);
  } else if (name == FieldName::connection) {
    if (!section_.connection.add(value, limits_)) fail(Fault::too_big);
  } else if (name == FieldName::transfer_encoding) {
    // RFC 9112 §6.1: `chunked` is the only coding that we know, and it comes once.
    const bool chunked = ascii::equal_ignoring_case(value, "chunked");
    if (!chunked || std::exchange(section_.chunked, true)) fail(Fault::malformed);
  }
  return true;
}

// Two equal values are refused as well, as in requests.
void ResponseBuilder::content_length_field(std::string_view value) {
  if (section_.length) return fail(Fault::malformed);
  section_.length = parse_length(value);
  if (!section_.length) fail(Fault::malformed);
}

void ResponseBuilder::check_head(bool body_follows) noexcept {
  const std::uint16_t status = section_.head.status;
  if (complete_ || status == 0) return fail(Fault::malformed);
  // RFC 9112 §6.1, §6.3: two parsers may disagree about where such a response ends.
  if (section_.chunked && (section_.length || version_ == HttpVersion::http10)) {
    return fail(Fault::malformed);
  }
  if (status >= 200 || status == 101) return;
  if (!body_follows) return fail(Fault::malformed);  // RFC 9113 §8.1, RFC 9114 §4.1
  if (++informational_ > limits_.informational) fail(Fault::too_many_informational);
}

// RFC 9112 §6.3, RFC 9113 §8.1.1. Removes a Content-Length that means nothing (RFC 9110 §8.6,
// §9.3.6).
BodyFraming ResponseBuilder::content_of(ResponseHead& head, bool body_follows) noexcept {
  using enum BodyFraming::Kind;
  head.tunnel =
      asked_ == Method::connect && (is_h1(version_) ? head.status == 101 : head.status / 100 == 2);
  if (head.tunnel) head.headers.remove("sec-websocket-accept");  // between h1's two ends
  if (head.status == 101) head.status = 200;  // tunnels look alike on all protocols
  if (head.tunnel || head.status < 200 || head.status == 204) {
    head.headers.remove("content-length");
    return {.kind = head.tunnel ? until_end : none};
  }
  if (asked_ == Method::head || head.status == 304) return {};
  if (!body_follows && section_.length.value_or(0) != 0) fail(Fault::malformed);
  if (section_.length) return {.kind = length, .length = *section_.length};
  return {.kind = body_follows ? until_end : none};
}

std::expected<ResponseBuilder::Received, ResponseBuilder::Fault> ResponseBuilder::finish(
    bool body_follows) {
  check_head(body_follows);
  Received received;
  if (!fault_) {
    received.head = std::move(section_.head);
    received.content = content_of(received.head, body_follows);
  }
  if (fault_) return std::unexpected(*fault_);
  section_.connection.remove_from(received.head.headers);
  complete_ = received.head.status >= 200;
  if (!complete_) section_ = {};
  return received;
}

}  // namespace troika
