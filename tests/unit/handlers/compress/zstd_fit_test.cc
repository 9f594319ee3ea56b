#include "handlers/compress/zstd_fit.h"

#include <zstd.h>

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <memory>
#include <string>

using namespace troika;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

// The beginning of a frame as the library writes it. `content`: what it is told of the size, which
// makes a single segment of a frame that fits in its window; 0: nothing.
std::string frame(int window_log, std::uint64_t content = 0) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  if (content > 0) ZSTD_CCtx_setPledgedSrcSize(context.get(), content);
  std::string out(1000, '\0');
  ZSTD_inBuffer in{.src = "content", .size = 7, .pos = 0};
  ZSTD_outBuffer to{.dst = out.data(), .size = out.size(), .pos = 0};
  ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_flush);
  out.resize(to.pos);
  return out;
}

ZstdFit fit(std::string_view bytes) { return zstd_fit(std::as_bytes(std::span(bytes))); }

std::string text(std::initializer_list<int> bytes) {
  std::string out("\x28\xb5\x2f\xfd", 4);
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

}  // namespace

TEST_CASE("a window of 8 MiB fits, a larger one does not") {
  for (int log = 10; log <= 23; ++log) CHECK(fit(frame(log)) == ZstdFit::fits);
  for (int log = 24; log <= 27; ++log) CHECK(fit(frame(log)) == ZstdFit::large_window);
  // RFC 8878 §3.1.1.1.2: exponent 13 is 8 MiB, and each step of the mantissa an eighth more.
  CHECK(fit(text({0, 13 << 3})) == ZstdFit::fits);
  CHECK(fit(text({0, (13 << 3) + 1})) == ZstdFit::large_window);
  CHECK(fit(text({0, (12 << 3) + 7})) == ZstdFit::fits);
  CHECK(fit(text({0, 0xff})) == ZstdFit::large_window);
}

TEST_CASE("the window of a single segment is its content") {
  CHECK(fit(frame(27, 8 * kMiB)) == ZstdFit::fits);
  CHECK(fit(frame(27, 8 * kMiB + 1)) == ZstdFit::large_window);
  CHECK(fit(frame(27, 300)) == ZstdFit::fits);
  CHECK(fit(text({0x20, 0xff})) == ZstdFit::fits);
  CHECK(fit(text({0x60, 0xff, 0xff})) == ZstdFit::fits);  // 256 are added
  CHECK(fit(text({0xa0, 0, 0, 0x80, 0})) == ZstdFit::fits);
  CHECK(fit(text({0xa0, 1, 0, 0x80, 0})) == ZstdFit::large_window);
  CHECK(fit(text({0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})) == ZstdFit::large_window);
}

TEST_CASE("a frame that needs a dictionary cannot be decoded, and zero names none") {
  for (const int size : {1, 2, 4}) {
    const int flag = size == 4 ? 3 : size;
    std::string with = text({flag, 0x50});
    with.append(static_cast<std::size_t>(size) - 1, '\0');
    CHECK(fit(with + '\1') == ZstdFit::needs_dictionary);
    CHECK(fit(with + '\0') == ZstdFit::fits);
  }
}

TEST_CASE("skippable frames are passed over, as far as they are seen") {
  const std::string skippable("\x5f\x2a\x4d\x18\x03\0\0\0abc", 11);
  CHECK(fit(skippable + frame(20)) == ZstdFit::fits);
  CHECK(fit(skippable + skippable + frame(24)) == ZstdFit::large_window);
  const std::string longer("\x50\x2a\x4d\x18\xff\xff\xff\xff", 8);
  CHECK(fit(longer + frame(20)) == ZstdFit::no_frame);
}

TEST_CASE("what is cut off anywhere in its header, or is something else, is no frame") {
  const std::string whole = text({0xe3, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0});
  CHECK(fit(whole) == ZstdFit::fits);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(fit(std::string_view(whole).substr(0, size)) == ZstdFit::no_frame);
  }
  CHECK(fit(text({0x80, 0x50, 0, 0, 0})) == ZstdFit::no_frame);  // a size that says nothing here
  CHECK(fit(text({0x80, 0x50, 0, 0, 0, 0})) == ZstdFit::fits);
  CHECK(fit(text({8, 0x50})) == ZstdFit::no_frame);  // a bit that must be zero
  CHECK(fit("\x1f\x8b\x08 and more") == ZstdFit::no_frame);
  CHECK(fit("plain text") == ZstdFit::no_frame);
}
