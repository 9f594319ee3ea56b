#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace troika {

// Whether clients that support the content coding zstd can decode a file.
enum class ZstdFit : std::uint8_t {
  fits,
  large_window,      // above 8 MiB, which clients reject (RFC 9659 §3)
  needs_dictionary,  // which clients do not have
  no_frame           // the file does not begin with a zstd frame
};

// Number of bytes to look at; enough unless the file begins with longer skippable frames.
inline constexpr std::size_t kZstdLook = 4096;
// Checks the first frame of a file (RFC 8878 §3.1) that begins with `bytes`.
ZstdFit zstd_fit(std::span<const std::byte> bytes) noexcept;

}  // namespace troika
