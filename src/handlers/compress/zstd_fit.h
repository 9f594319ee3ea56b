#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace troika {

// Whether clients that know the content coding zstd can decode a file.
enum class ZstdFit : std::uint8_t {
  fits,
  large_window,      // RFC 9659 §3: above 8 MiB, which clients refuse
  needs_dictionary,  // one that no client has
  no_frame           // does not begin with a frame
};

// So many bytes of a file are enough, but for skippable frames in front that are longer.
inline constexpr std::size_t kZstdLook = 4096;
// Of the first frame of a file (RFC 8878 §3.1), of which `bytes` are the beginning.
ZstdFit zstd_fit(std::span<const std::byte> bytes) noexcept;

}  // namespace troika
