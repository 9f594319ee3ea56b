#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "http/message/request_builder.h"

namespace troika {
namespace {

// RFC 9110 §6.5.1: fields that frame, route, authenticate or describe the message must not arrive
// when it is over, where nobody checks them.
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
  cost_ += name.size() + value.size() + 32;  // RFC 9113 §6.5.2
  ++seen_;
  if (cost_ > limits_.trailer_bytes || seen_ > limits_.trailer_count) over_limit_ = true;
  if (over_limit_ || !ascii::is_token(name) || !valid_field_value(value)) return;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  if (!std::ranges::binary_search(kNotInTrailers, lower)) fields_.add(lower, ascii::trim(value));
}

}  // namespace troika
