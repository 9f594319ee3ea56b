// Heads of a response, in all protocols: what is accepted keeps every rule, and a fault stays.
//
// The first byte of a case chooses version and method. Each line is a field "name:value", where
// ":status" is the status; an empty line ends a head, and the end of the case the last one.
#include "http/message/response_builder.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "fuzz/cases.h"

namespace {

using namespace troika;
using fuzz::require;
using Kind = BodyFraming::Kind;

constexpr Method kAsked[]{Method::get, Method::head, Method::connect, Method::post};

void check_fields(const HeaderMap& headers, const Limits& limits) {
  require(headers.size() <= limits.response_count);
  std::size_t cost = 0;
  for (const auto [name, value] : headers) {
    cost += name.size() + value.size() + kFieldOverhead;
    require(ascii::is_token(name) && std::ranges::all_of(value, ascii::is_text_char));
    require(std::ranges::all_of(name, [](char c) { return c == ascii::lower(c); }));
    require(ascii::trim(value).size() == value.size());
    require(!is_connection_field(field_name(name)) && name != "te" && name != "proxy-authenticate");
  }
  require(cost <= limits.response_bytes);
  require(headers.count("content-length") <= 1);
}

void check(const ResponseBuilder::Received& received, Method asked, bool body_follows) {
  const auto& [head, content] = received;
  require(head.status >= 100 && head.status <= 599 && head.status != 101);
  const auto length = head.headers.get("content-length");
  if (head.status < 200 || head.status == 204 || head.tunnel) require(!length);
  if (head.status < 200 || (head.status == 204 && !head.tunnel) || head.status == 304) {
    require(content.kind == Kind::none);
  }
  if (asked == Method::head) require(content.kind == Kind::none);
  require(head.tunnel == (asked == Method::connect && head.status / 100 == 2));
  if (content.kind == Kind::length) require(length && parse_length(*length) == content.length);
  if (!body_follows && !head.tunnel) require(content.length == 0);
}

void run(std::string_view input) {
  if (input.empty()) return;
  Limits limits;
  limits.response_bytes = 400;
  limits.response_count = 6;
  limits.informational = 3;
  limits.connection_options = 3;
  const auto choice = static_cast<std::uint8_t>(input[0]);
  const auto version = static_cast<HttpVersion>(choice & 3U);
  const Method asked = kAsked[choice >> 2U & 3U];
  input.remove_prefix(1);

  ResponseBuilder builder(limits, is_h1(version) ? HttpVersion::http11 : version, asked);
  std::size_t informational = 0;
  bool complete = false;
  const auto finish = [&](bool body_follows) {
    const auto before = builder.fault();
    const auto received = builder.finish(body_follows);
    if (!received) return require(!before || received.error() == *before);
    require(!before && !complete);
    check_fields(received->head.headers, limits);
    check(*received, asked, body_follows);
    complete = received->head.status >= 200;
    if (!complete) require(++informational <= limits.informational);
  };
  while (!input.empty()) {
    const std::string_view line = fuzz::take_line(input);
    const std::size_t colon = line.find(':', 1);
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = colon < line.size() ? line.substr(colon + 1) : "";
    if (line.empty()) {
      finish(true);
    } else if (name != ":status") {
      builder.field(name, value);
    } else if (is_h1(version)) {
      std::uint16_t status = 0;
      std::from_chars(value.data(), value.data() + value.size(), status);
      builder.status_line(version, status);
    } else {
      builder.status(value);
    }
  }
  finish(is_h1(version));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  troika::fuzz::for_each_case({reinterpret_cast<const char*>(data), size}, run);
  return 0;
}
