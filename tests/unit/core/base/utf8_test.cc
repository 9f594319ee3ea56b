#include "base/text.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace troika;

namespace {

std::string encode(std::uint32_t code) {
  const auto low = [&](unsigned shift) {
    return static_cast<char>(0x80U | (code >> shift & 0x3fU));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0U | code >> 6U), low(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0U | code >> 12U), low(6), low(0)};
  return {static_cast<char>(0xf0U | code >> 18U), low(12), low(6), low(0)};
}

}  // namespace

TEST_CASE("every character is UTF-8 but surrogates and what is above U+10FFFF") {
  std::size_t wrong = 0;
  for (std::uint32_t code = 0; code < 0x140000; ++code) {
    const bool character = code < 0xd800 || (code > 0xdfff && code < 0x110000);
    if (is_utf8("a" + encode(code) + "b") != character) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("two bytes are UTF-8 when they are two characters or one of two bytes") {
  std::size_t right = 0;
  for (unsigned pair = 0; pair < 0x10000; ++pair) {
    if (is_utf8(std::string{static_cast<char>(pair >> 8U), static_cast<char>(pair)})) ++right;
  }
  CHECK(right == 128 * 128 + (0x800 - 0x80));
}

TEST_CASE("longer forms, cut ones and lone bytes are no UTF-8") {
  for (const std::string_view text :
       {"\x80", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
        "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x90", "\xe2(\xac",
        "\xe2\x82(", "\xf0\x9f\x90(", "a\xc3\xa9\xa9"}) {
    CAPTURE(text.size());
    CHECK_FALSE(is_utf8(text));
  }
  CHECK(is_utf8(""));
}
