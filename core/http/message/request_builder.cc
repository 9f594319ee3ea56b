#include "http/message/request_builder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace troika {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), ascii::lower);
  return out;
}

// Room that a browser's request takes, so that it is allocated once.
constexpr std::size_t kUsualFields = 16, kUsualBytes = 1024;

bool all_visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

RequestBuilder::RequestBuilder(Request& into, const Limits& limits, HttpVersion version,
                               bool secure)
    : limits_(limits), request_(into), secure_(secure) {
  request_.version = version;
}

// In h2 and h3 a pseudo field is a line of the field section like any other (RFC 9113 §6.5.2).
void RequestBuilder::pay(std::size_t name_bytes, std::size_t value_bytes) noexcept {
  cost_ += name_bytes + value_bytes + kFieldOverhead;
  if (cost_ > limits_.header_list_bytes) fail(431);
}

bool RequestBuilder::once(bool& seen) noexcept {
  if (std::exchange(seen, true)) fail(400);
  return fault_ == 0;
}

void RequestBuilder::method(std::string_view text) {
  if (!is_h1()) pay(7, text.size());
  if (!once(has_method_)) return;
  if (text.size() > limits_.method_bytes || !ascii::is_token(text)) return fail(400);
  request_.method = method_from(text);
  request_.method_text = text;
}

void RequestBuilder::scheme(std::string_view text) {
  if (!is_h1()) pay(7, text.size());
  if (!once(has_scheme_)) return;
  // A request for the other scheme does not belong on this connection (RFC 9110 §7.4).
  if (!ascii::equal_ignoring_case(text, secure_ ? "https" : "http")) return fail(400);
}

void RequestBuilder::authority(std::string_view text) {
  if (!is_h1()) pay(10, text.size());
  if (!once(has_authority_)) return;
  if (!valid_authority(text)) return fail(400);
  request_.authority = text;
}

void RequestBuilder::target(std::string_view text) {
  if (!is_h1()) pay(5, text.size());
  if (text.size() > limits_.target_bytes) fail(414);
  if (!once(has_target_)) return;
  if (all_visible(text)) request_.target.raw = text;  // for the log, even if it is not valid
  if (request_.method == Method::connect) return;     // host:port (RFC 9112 §3.2.3)
  auto parsed = parse_target(text);
  if (!parsed) return fail(400);
  request_.target = std::move(*parsed);
}

void RequestBuilder::protocol(std::string_view text) {
  if (!is_h1()) pay(9, text.size());
  if (!once(has_protocol_)) return;
  if (!ascii::is_token(text)) return fail(400);
  if (!ascii::equal_ignoring_case(text, "websocket")) fail(501);  // RFC 9220 §3
  request_.protocol = lower_case(text);
}

void RequestBuilder::field(std::string_view name, std::string_view value) {
  pay(name.size(), value.size());
  // Browsers send one field for each cookie in h2 and h3 (RFC 9113 §8.2.3): they count as bytes
  // only.
  if (fields_ == limits_.header_count && !ascii::equal_ignoring_case(name, "cookie")) fail(431);
  if (fault_ != 0) return;
  if (is_h1()) value = ascii::trim(value);
  HeaderMap& headers = request_.headers;
  if (headers.empty()) headers.reserve(kUsualFields, kUsualBytes);
  if (!add_valid_field(request_.version, name, value, headers)) return fail(400);
  const FieldName known = headers.name(headers.size() - 1);
  if (known != FieldName::cookie) ++fields_;
  if (special_field(known, value)) headers.pop_back();
}

bool RequestBuilder::special_field(FieldName name, std::string_view value) {
  if (is_connection_field(name)) {
    if (!is_h1()) fail(400);
    if (name == FieldName::connection && !connection_.add(value, limits_)) fail(431);
    return true;
  }
  switch (name) {
    case FieldName::host: host_field(value); return true;
    case FieldName::content_length: content_length_field(value); return true;
    case FieldName::expect: {
      const bool known = ascii::equal_ignoring_case(value, "100-continue");
      (known ? request_.expects_continue : unknown_expectation_) = true;
      return true;
    }
    case FieldName::cookie:
      if (!cookies_.empty()) cookies_ += "; ";
      cookies_ += value;
      return true;
    case FieldName::te:
      if (!is_h1() && !ascii::equal_ignoring_case(value, "trailers")) fail(400);
      return true;
    case FieldName::proxy_authorization: return true;  // RFC 9110 §11.7.2: for a proxy before us
    default: return false;
  }
}

void RequestBuilder::host_field(std::string_view value) {
  if (!once(has_host_)) return;
  if (!valid_authority(value)) return fail(400);
  host_ = value;
}

// Two equal values are rejected as well: RFC 9110 §8.6 allows that, and no other parser of the same
// bytes can then disagree about the length.
void RequestBuilder::content_length_field(std::string_view value) {
  if (request_.content_length) return fail(400);
  request_.content_length = parse_length(value);
  if (!request_.content_length) fail(400);
}

void RequestBuilder::check_authority() {
  if (!has_authority_ && !has_host_) {
    if (request_.version != HttpVersion::http10) fail(400);
    return;
  }
  // RFC 9112 §3.2, §3.2.2: HTTP/1.1 requires Host even with the absolute form, which takes
  // precedence. In h2 and h3 the two must agree (RFC 9113 §8.3.1, RFC 9114 §4.3.1).
  if (request_.version == HttpVersion::http11 && !has_host_) fail(400);
  if (!has_authority_) {
    request_.authority = std::move(host_);
  } else if (!is_h1() && has_host_ && !ascii::equal_ignoring_case(request_.authority, host_)) {
    fail(400);
  }
}

// RFC 8441 §4: extended CONNECT has a path, and what follows is not content.
void RequestBuilder::check_tunnel() {
  if (request_.method != Method::connect || request_.content_length) return fail(400);
  auto parsed = parse_target(request_.target.raw);
  if (!parsed) return fail(400);
  request_.target = std::move(*parsed);
}

void RequestBuilder::check_whole(bool body_follows) {
  if (!has_method_) fail(400);
  check_authority();
  if (request_.method == Method::connect && !has_protocol_) return fail(501);
  if (!has_target_ || (!is_h1() && !has_scheme_)) fail(400);
  if (request_.target.path == "*" && request_.method != Method::options) fail(400);
  if (has_protocol_) check_tunnel();
  if (!body_follows && request_.content_length.value_or(0) != 0) fail(400);
  if (unknown_expectation_) fail(417);
}

std::uint16_t RequestBuilder::finish(bool body_follows) {
  request_.scheme = secure_ ? "https" : "http";
  request_.has_body = body_follows && !has_protocol_;
  // RFC 9110 §10.1.1: HTTP/1.0 has no 1xx, and without content there is nothing to wait for.
  if (request_.version == HttpVersion::http10 || !body_follows) request_.expects_continue = false;
  connection_.remove_from(request_.headers);
  if (!cookies_.empty()) request_.headers.add("cookie", cookies_);
  check_whole(body_follows);
  return fault_;
}

namespace {

// RFC 9110 §6.5.1: fields that frame, route, authenticate or describe the message must not arrive
// after its content, where they are not checked.
constexpr std::array<std::string_view, 34> kNotInTrailers{"authorization",
                                                          "cache-control",
                                                          "connection",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-location",
                                                          "content-range",
                                                          "content-type",
                                                          "cookie",
                                                          "date",
                                                          "expect",
                                                          "expires",
                                                          "forwarded",
                                                          "host",
                                                          "if-match",
                                                          "if-modified-since",
                                                          "if-none-match",
                                                          "if-range",
                                                          "if-unmodified-since",
                                                          "keep-alive",
                                                          "location",
                                                          "max-forwards",
                                                          "pragma",
                                                          "proxy-authenticate",
                                                          "proxy-authorization",
                                                          "proxy-connection",
                                                          "range",
                                                          "retry-after",
                                                          "set-cookie",
                                                          "te",
                                                          "trailer",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "www-authenticate"};
static_assert(std::ranges::is_sorted(kNotInTrailers));

}  // namespace

void TrailerBuilder::field(std::string_view name, std::string_view value) {
  cost_ += name.size() + value.size() + kFieldOverhead;
  ++seen_;
  if (cost_ > limits_.trailer_bytes || seen_ > limits_.trailer_count) over_limit_ = true;
  if (over_limit_ || !ascii::is_token(name) || !valid_field_value(value)) return;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  if (std::ranges::binary_search(kNotInTrailers, lower) || named_.has(lower)) return;
  fields_.add(lower, ascii::trim(value));
}

}  // namespace troika
