#include "handlers/compress/zstd_fit.h"

#include <array>
#include <optional>

namespace troika {
namespace {

constexpr std::uint64_t kMostWindow = 8U << 20U;
constexpr std::uint64_t kMagic = 0xFD2FB528;
constexpr std::uint64_t kSkippable = 0x184D2A50;  // to 0x184D2A5F (RFC 8878 §3.1.2)

// Reads little-endian numbers of at most 8 bytes.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) noexcept : left_(bytes) {}

  std::optional<std::uint64_t> take(std::size_t size) noexcept {
    if (left_.size() < size) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i) {
      value = value << 8U | std::to_integer<std::uint64_t>(left_[i - 1]);
    }
    left_ = left_.subspan(size);
    return value;
  }
  bool skip(std::uint64_t size) noexcept {
    if (left_.size() < size) return false;
    left_ = left_.subspan(static_cast<std::size_t>(size));
    return true;
  }

 private:
  std::span<const std::byte> left_;
};

// RFC 8878 §3.1.1.1.2.
std::uint64_t window_of(std::uint64_t descriptor) noexcept {
  const std::uint64_t base = std::uint64_t{1} << (10 + (descriptor >> 3U));
  return base + base / 8 * (descriptor & 7U);
}

// RFC 8878 §3.1.1.1, after the magic number.
ZstdFit fit_of_frame(Reader reader) noexcept {
  constexpr std::array<std::size_t, 4> kDictionarySizes{0, 1, 2, 4};
  constexpr std::array<std::size_t, 4> kContentSizes{0, 2, 4, 8};
  const auto descriptor = reader.take(1);
  if (!descriptor || (*descriptor & 8U) != 0) return ZstdFit::no_frame;  // reserved, must be zero
  const bool single_segment = (*descriptor & 0x20U) != 0;
  const std::uint64_t size_flag = *descriptor >> 6U;
  const auto window = single_segment ? std::nullopt : reader.take(1).transform(window_of);
  const auto dictionary = reader.take(kDictionarySizes[*descriptor & 3U]);
  auto content = reader.take(single_segment && size_flag == 0 ? 1 : kContentSizes[size_flag]);
  if ((!window && !single_segment) || !dictionary || !content) return ZstdFit::no_frame;
  if (size_flag == 1) *content += 256;
  if (*dictionary != 0) return ZstdFit::needs_dictionary;
  // RFC 8878 §3.1.1.1.1.2: the window of a single segment is the size of the content.
  return window.value_or(*content) > kMostWindow ? ZstdFit::large_window : ZstdFit::fits;
}

}  // namespace

ZstdFit zstd_fit(std::span<const std::byte> bytes) noexcept {
  Reader reader(bytes);
  for (;;) {
    const auto magic = reader.take(4);
    if (!magic) return ZstdFit::no_frame;
    if (*magic == kMagic) return fit_of_frame(reader);
    if (*magic - kSkippable > 15) return ZstdFit::no_frame;
    const auto size = reader.take(4);
    if (!size || !reader.skip(*size)) return ZstdFit::no_frame;
  }
}

}  // namespace troika
