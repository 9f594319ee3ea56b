#include "config/values.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

TEST_CASE("Sizes have a unit") {
  CHECK(parse_size("0B") == 0U);
  CHECK(parse_size("512B") == 512U);
  CHECK(parse_size("32KiB") == 32768U);
  CHECK(parse_size("20MiB") == 20U << 20U);
  CHECK(parse_size("3GiB") == 3ULL << 30U);
  for (const char* wrong : {"", "32", "KiB", "32K", "32KB", "32 KiB", "-1KiB", "1.5MiB", "32kib",
                            "99999999999999999999B", "9999999999999GiB"}) {
    CAPTURE(wrong);
    const auto size = parse_size(wrong);
    REQUIRE(!size);
    CHECK(size.error().starts_with("must be a size with its unit, like \"512B\""));
  }
}

TEST_CASE("Times have a unit") {
  using namespace std::chrono_literals;
  CHECK(parse_time("500ms") == Duration(500ms));
  CHECK(parse_time("10s") == Duration(10s));
  CHECK(parse_time("5m") == Duration(5min));
  CHECK(parse_time("12h") == Duration(12h));
  CHECK(parse_time("7d") == Duration(168h));
  for (const char* wrong : {"", "10", "s", "10 s", "10S", "10sec", "-1s", "1.5s", "1h30m",
                            "99999999999999999999s", "9999999999999d"}) {
    CAPTURE(wrong);
    const auto time = parse_time(wrong);
    REQUIRE(!time);
    CHECK(time.error().starts_with("must be a time with its unit, like \"500ms\""));
  }
}

TEST_CASE("What is written is the largest unit without a fraction, and reads the same") {
  for (const auto& [bytes, text] : {std::pair(0ULL, "0B"),
                                    {1000ULL, "1000B"},
                                    {2048ULL, "2KiB"},
                                    {3ULL << 20U, "3MiB"},
                                    {5ULL << 40U, "5120GiB"}}) {
    CHECK(size_text(bytes) == text);
    CHECK(parse_size(text) == bytes);
  }
  for (const char* text : {"0ms", "1500ms", "90s", "2m", "25h", "7d"}) {
    CHECK(time_text(*parse_time(text)) == text);
  }
}

TEST_CASE("A range has both of its ends") {
  using namespace std::chrono_literals;
  CHECK(parse_count("16", 16, 17) == 16U);
  CHECK(parse_count("17", 16, 17) == 17U);
  for (const std::string wrong : {"15", "18", "-1", "", "16.0", "99999999999999999999"}) {
    CHECK(parse_count(wrong, 16, 17).error() ==
          "must be a whole number from 16 to 17, not " + wrong);
  }
  CHECK(parse_size("1KiB", 1024, 2048) == 1024U);
  CHECK(parse_size("2KiB", 1024, 2048) == 2048U);
  CHECK(parse_size("2049B", 1024, 2048).error() == "must be from 1KiB to 2KiB, not 2049B");
  CHECK(parse_size("0B", 1024, 2048).error() == "must be from 1KiB to 2KiB, not 0B");
  CHECK(parse_time("2s", 2s, 1min) == Duration(2s));
  CHECK(parse_time("1m", 2s, 1min) == Duration(1min));
  CHECK(parse_time("1s", 2s, 1min).error() == "must be from 2s to 1m, not 1s");
  CHECK(parse_time("61s", 2s, 1min).error() == "must be from 2s to 1m, not 61s");
}
