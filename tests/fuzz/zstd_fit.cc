// The beginning of a .zst file. What is said of it agrees with the library, as far as that tells,
// and does not depend on what follows.
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/cases.h"
#include "handlers/compress/zstd_fit.h"

using namespace troika;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(data),
                               reinterpret_cast<const std::byte*>(data) + size);
  const ZstdFit fit = zstd_fit(bytes);
  const unsigned long long content = ZSTD_getFrameContentSize(data, size);
  constexpr std::uint8_t kSingleSegment = 0x20;
  const bool frame = size > 4 && data[0] == 0x28 && data[1] == 0xb5 && data[2] == 0x2f &&
                     data[3] == 0xfd && fit != ZstdFit::no_frame;
  // The library refuses by itself what has a window that this machine cannot have.
  if (frame && content != ZSTD_CONTENTSIZE_ERROR && fit != ZstdFit::needs_dictionary &&
      (data[4] & kSingleSegment) != 0) {
    require((fit == ZstdFit::large_window) == (content > 8U << 20U));
  }
  require(!frame || fit != ZstdFit::fits || content != ZSTD_CONTENTSIZE_ERROR);
  if (fit == ZstdFit::no_frame) return 0;
  bytes.insert(bytes.end(), 20, std::byte{0xff});
  require(zstd_fit(bytes) == fit);
  // A skippable frame in front changes nothing.
  std::vector<std::byte> behind;
  for (const int byte : {0x53, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7}) {
    behind.push_back(static_cast<std::byte>(byte));
  }
  behind.insert(behind.end(), bytes.begin(), bytes.end());
  require(zstd_fit(behind) == fit);
  return 0;
}
