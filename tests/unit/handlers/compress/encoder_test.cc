#include "handlers/compress/encoder.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "support/session_harness.h"
#include "unit/handlers/compress/decoders.h"
#include "unit/handlers/compress/samples.h"

using namespace troika;
using namespace troika::test;

namespace {

// `text` in writes of `step` bytes; with `apart` the end comes in a write of its own.
std::string encode(Coding coding, Effort effort, std::string_view text, std::size_t step,
                   bool apart = false) {
  std::string out;
  const auto encoder = make_encoder(coding, effort);
  const auto write = [&](std::string_view part, bool last) {
    REQUIRE(encoder->write(bytes_of(part), last, [&](auto bytes) {
      CHECK_FALSE(bytes.empty());
      out += text_of(bytes);
    }));
  };
  while (text.size() > step || (apart && !text.empty())) {
    const std::string_view part = text.substr(0, step);
    write(part, false);
    text.remove_prefix(part.size());
  }
  write(text, true);
  return out;
}

void check_round_trip(const std::string& text) {
  for (const Coding coding : kCodings) {
    for (const Effort effort : kEfforts) {
      CAPTURE(static_cast<int>(coding), static_cast<int>(effort), text.size());
      for (const std::size_t step : {std::size_t{65536}, std::size_t{1000}, text.size() + 1}) {
        CAPTURE(step);
        const bool same = decode(coding, encode(coding, effort, text, step)) == text;
        CHECK(same);
      }
      const bool same = decode(coding, encode(coding, effort, text, 65536, true)) == text;
      CHECK(same);
    }
  }
}

}  // namespace

TEST_CASE("Every coding gives text and noise of any size that its own decoder reads") {
  for (const std::size_t size : {0U, 1U, 1023U, 65535U, 65536U, 65537U, 3U << 20U}) {
    check_round_trip(words(size));
  }
  for (const std::size_t size : {1U, 1023U, 65536U, 1U << 20U}) check_round_trip(noise(size));
}

TEST_CASE("Text becomes much smaller, noise hardly larger") {
  const std::string text = words(1U << 20U);
  const std::string bytes = noise(1U << 20U);
  for (const Coding coding : kCodings) {
    for (const Effort effort : kEfforts) {
      CAPTURE(static_cast<int>(coding), static_cast<int>(effort));
      CHECK(encode(coding, effort, text, 65536).size() < text.size() / 2);
      CHECK(encode(coding, effort, bytes, 65536).size() < bytes.size() + bytes.size() / 1000 + 64);
    }
  }
}

TEST_CASE("Small writes cost no ratio: nothing is flushed before the end") {
  const std::string text = words(512U << 10U);
  for (const Coding coding : kCodings) {
    CAPTURE(static_cast<int>(coding));
    const std::size_t at_once = encode(coding, Effort::stream, text, text.size()).size();
    CHECK(encode(coding, Effort::stream, text, 500).size() < at_once + at_once / 50);
  }
}

TEST_CASE("Equal bytes give equal bytes: no time, no name") {
  const std::string text = words(100'000);
  for (const Coding coding : kCodings) {
    for (const Effort effort : kEfforts) {
      CHECK(encode(coding, effort, text, 65536) == encode(coding, effort, text, 65536));
    }
  }
  const std::string gzip = encode(Coding::gzip, Effort::whole, text, text.size());
  CHECK(gzip.substr(0, 4) == std::string("\x1f\x8b\x08\0", 4));  // RFC 1952: no flags
  CHECK(gzip.substr(4, 4) == std::string(4, '\0'));              // MTIME
}

TEST_CASE("A Zstandard frame asks for a small window, whatever the size of the text") {
  const std::string text = words(3U << 20U);
  CHECK(zstd_window(encode(Coding::zstd, Effort::stream, text, 65536)) == 1U << 18U);
  CHECK(zstd_window(encode(Coding::zstd, Effort::whole, text, 65536)) == 1U << 20U);
  CHECK(zstd_window(encode(Coding::zstd, Effort::whole, text, text.size())) <= 8U << 20U);
}

TEST_CASE("The decoders of these tests refuse what is cut off or goes on") {
  for (const Coding coding : kCodings) {
    std::string bytes = encode(coding, Effort::whole, words(1000), 1000);
    CHECK_FALSE(decode(coding, bytes.substr(0, bytes.size() - 1)));
    CHECK_FALSE(decode(coding, bytes + "x"));
  }
}
