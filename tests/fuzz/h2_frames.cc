// Bytes of a client, in pieces that the input says: the scanner finds what a reader of the whole
// finds, at the same byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>

#include "fuzz/cases.h"
#include "proto/h2/frame_scanner.h"

namespace {

using troika::fuzz::require;

constexpr std::size_t kPreface = 24, kHeader = 9;

std::uint32_t number(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes) value = value << 8U | std::to_integer<std::uint32_t>(byte);
  return value;
}

struct Expected {
  std::optional<std::size_t> wrong;  // the index of that byte
  bool exact = true;                 // false: more ranges were left out than are remembered
};

Expected expected(std::span<const std::byte> bytes) {
  std::set<std::uint32_t> used;
  std::size_t ranges = 0;  // of ids that were left out
  std::size_t section = 0;
  bool in_section = false;
  for (std::size_t at = kPreface; at + kHeader <= bytes.size();) {
    const std::uint32_t length = number(bytes.subspan(at, 3));
    const auto type = number(bytes.subspan(at + 3, 1)), flags = number(bytes.subspan(at + 4, 1));
    const std::uint32_t stream = number(bytes.subspan(at + 5, 4)) & 0x7fffffffU;
    at += kHeader;
    if (type == 1 || type == 9) {
      section = in_section ? section + length : length;
      in_section = (flags & 4U) == 0;
      if (section > troika::Limits::kOverrun * troika::Limits{}.header_list_bytes) return {at - 1};
    }
    if (type == 2 && stream == 0) return {at - 1};
    if (type == 0 && (flags & 8U) != 0) {
      if (length == 0) return {at - 1};
      if (at < bytes.size() && number(bytes.subspan(at, 1)) >= length) return {at};
    }
    if (type == 1 && stream % 2 == 1) {
      const std::uint32_t next = used.empty() ? 1 : *used.rbegin() + 2;
      if (stream < next && !used.contains(stream)) return {at - 1};
      if (stream > next && ++ranges > troika::Limits{}.h2_skipped_ids) return {{}, false};
      used.insert(stream);
    }
    at += std::min<std::size_t>(length, bytes.size() - at);
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{data[0]} % 32 + 1;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const troika::Limits limits;
  troika::h2::FrameScanner scanner(limits);
  std::optional<std::size_t> found;
  for (std::size_t at = 0; at < bytes.size() && !found;) {
    const auto part = bytes.subspan(at, std::min(piece, bytes.size() - at));
    if (const auto wrong = scanner.scan(part, {})) found = at + wrong->at;
    at += part.size();
  }
  const auto [wrong, exact] = expected(bytes);
  require(found == wrong || !exact);
  return 0;
}
