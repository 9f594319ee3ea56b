// A request target never gets out of the root, and what parse_target made of it is stable.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/cases.h"
#include "http/message/target.h"

namespace {

using troika::fuzz::require;

std::string encode(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/') {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = troika::parse_target(text);
  if (!target) return 0;
  require(std::ranges::all_of(target->raw, [](char c) { return c > 0x20 && c < 0x7f; }));
  const bool ascii = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  require(ascii == (target->raw == text) && target == troika::parse_target(target->raw));
  if (text == "*") {
    require(target->path == "*" && target->query.empty());
    return 0;
  }
  const std::string& path = target->path;
  require(path.starts_with('/') && path.size() <= text.size());
  require(target->raw.size() <= 3 * text.size());
  require(!path.contains("//") && !path.contains('\\') && !path.contains('\0'));
  require(!(path + "/").contains("/../") && !(path + "/").contains("/./"));
  require(target->raw.ends_with(target->query));
  const std::string_view sent = std::string_view(target->raw).substr(0, target->raw.find('?'));
  require(target->encoded_slash == (sent.contains("%2F") || sent.contains("%2f")));

  const auto again = troika::parse_target(encode(path));
  require(again.has_value() && again->path == path && again->query.empty());
  return 0;
}
