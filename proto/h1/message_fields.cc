#include "proto/h1/message_fields.h"

#include <algorithm>

#include "base/ascii.h"

namespace troika::h1 {
namespace {

// Calls `visit` with each element of a comma-separated list, empty ones included.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  for (;;) {
    const std::size_t comma = list.find(',');
    visit(ascii::trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

void MessageFields::field(std::string_view name, std::string_view value) {
  const auto is = [&](std::string_view what) { return ascii::equal_ignoring_case(name, what); };
  if (is("content-length")) {
    ++lengths_;
  } else if (is("transfer-encoding")) {
    coding_ = coding_ == Coding::absent ? coding_of(value) : Coding::malformed;
  } else if (is("connection")) {
    connection(value);
  } else if (is("upgrade")) {
    upgrade_ = true;
  }
}

// RFC 9112 §6.1: chunked comes last and once. With parameters it is not what it says.
MessageFields::Coding MessageFields::coding_of(std::string_view value) noexcept {
  bool malformed = false, after_chunked = false;
  std::size_t elements = 0;
  for_each_element(value, [&](std::string_view element) {
    const std::string_view name = ascii::trim(element.substr(0, element.find(';')));
    const bool chunked = ascii::equal_ignoring_case(name, "chunked");
    const bool has_parameters = name.size() != element.size();
    if (after_chunked || !ascii::is_token(name) || (chunked && has_parameters)) malformed = true;
    after_chunked = after_chunked || chunked;
    ++elements;
  });
  if (malformed) return Coding::malformed;
  return after_chunked && elements == 1 ? Coding::chunked : Coding::unknown;
}

void MessageFields::connection(std::string_view value) noexcept {
  for_each_element(value, [&](std::string_view option) {
    if (ascii::equal_ignoring_case(option, "close")) close_ = true;
    if (ascii::equal_ignoring_case(option, "keep-alive")) keep_alive_ = true;
  });
}

// Two lengths, or a length beside a coding, are what request smuggling is made of: RFC 9112 §6.3
// would allow to repair some of them, refusing leaves nothing to disagree about.
std::uint16_t MessageFields::fault(HttpVersion version) const noexcept {
  if (lengths_ > 1 || coding_ == Coding::malformed) return 400;
  if (coding_ == Coding::absent) return 0;
  if (lengths_ > 0 || version == HttpVersion::http10) return 400;
  return coding_ == Coding::unknown ? 501 : 0;
}

MessageFields::Body MessageFields::body() const noexcept {
  if (coding_ == Coding::chunked) return Body::chunked;
  return lengths_ > 0 ? Body::length : Body::absent;
}

}  // namespace troika::h1
