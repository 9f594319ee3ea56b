#include "proto/h3/field_list.h"

#include <algorithm>

namespace troika::h3 {
namespace {

const std::uint8_t* raw(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// RFC 9204 §7.1.3: short secrets must not reach a table that a guess can be compared with.
bool is_secret(std::string_view name) noexcept {
  return name == "set-cookie" || name == "authorization" || name == "cookie";
}

}  // namespace

FieldList::FieldList(const ResponseHead& head) {
  fields_.reserve(head.headers.size() + 1);
  unsigned rest = head.status;
  for (auto digit = status_.rbegin(); digit != status_.rend(); ++digit, rest /= 10) {
    *digit = static_cast<char>('0' + rest % 10);
  }
  add(":status", {status_.data(), status_.size()});
  add_all(head.headers);
}

FieldList::FieldList(const Request& request, std::string_view length) {
  fields_.reserve(request.headers.size() + 6);
  add(":method", request.method_text);
  // RFC 9114 §4.4: a plain CONNECT names only whom to connect to.
  if (request.method != Method::connect || !request.protocol.empty()) {
    add(":scheme", request.scheme);
    add(":path", request.target.raw);
  }
  add(":authority", request.authority);
  if (!request.protocol.empty()) add(":protocol", request.protocol);
  add_all(request.headers);
  if (!length.empty()) add("content-length", length);
}

FieldList::FieldList(const HeaderMap& trailers) { add_all(trailers); }

void FieldList::add(std::string_view name, std::string_view value) {
  const std::uint8_t flags = is_secret(name) ? NGHTTP3_NV_FLAG_NEVER_INDEX : NGHTTP3_NV_FLAG_NONE;
  fields_.push_back({.name = raw(name),
                     .value = raw(value),
                     .namelen = name.size(),
                     .valuelen = value.size(),
                     .flags = flags});
}

void FieldList::add_all(const HeaderMap& headers) {
  for (const auto [name, value] : headers) add(name, value);
}

std::string_view text_of(const nghttp3_rcbuf* buffer) noexcept {
  const nghttp3_vec bytes = nghttp3_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

}  // namespace troika::h3
