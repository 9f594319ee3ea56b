#include "proto/h2/field_list.h"

#include <charconv>

namespace troika::h2 {
namespace {

std::string_view print(std::uint64_t value, std::array<char, 20>& into) noexcept {
  char* const end = std::to_chars(into.data(), into.data() + into.size(), value).ptr;
  return {into.data(), end};
}

// nghttp2 takes pointers to what it does not change.
std::uint8_t* octets_of(std::string_view text) noexcept {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

FieldList::FieldList(const ResponseHead& head) {
  list_.reserve(head.headers.size() + 1);
  add(":status", print(head.status, number_));
  add(head.headers);
}

FieldList::FieldList(const Request& request) {
  list_.reserve(request.headers.size() + 7);
  add(":method", request.method_text.empty() ? name_of(request.method) : request.method_text);
  add(":scheme", request.scheme);
  add(":authority", request.authority);
  add(":path", request.target.raw);
  if (!request.protocol.empty()) add(":protocol", request.protocol);
  if (request.expects_continue) add("expect", "100-continue");
  if (request.content_length) add("content-length", print(*request.content_length, number_));
  add(request.headers);
}

void FieldList::add(std::string_view name, std::string_view value) {
  list_.push_back(
      {octets_of(name), octets_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

void FieldList::add(const HeaderMap& fields) {
  for (const HeaderMap::Field field : fields) add(field.name, field.value);
}

}  // namespace troika::h2
