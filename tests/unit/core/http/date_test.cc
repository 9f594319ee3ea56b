#include "http/message/date.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/random.h"

using namespace troika;

namespace {
constexpr std::time_t kExample = 784111777;  // RFC 9110 §5.6.7
constexpr std::time_t kNow = 1'717'754'400;  // 2024-06-07T10:00:00Z
}  // namespace

TEST_CASE("dates are written as IMF-fixdate") {
  CHECK(format_http_date(kExample) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(format_http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(format_http_date(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(format_http_date(4107542399) == "Sun, 28 Feb 2100 23:59:59 GMT");
  CHECK(format_http_date(4107542400) == "Mon, 01 Mar 2100 00:00:00 GMT");
  CHECK(format_http_date(253402300799) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST_CASE("a time that the format cannot say is written as the nearest that it can") {
  CHECK(format_http_date(-1) == format_http_date(0));
  CHECK(format_http_date(253402300800) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST_CASE("all three forms of a date are read") {
  struct Row {
    std::string_view text;
    std::time_t time;
  };
  for (const Row row : {
           Row{"Sun, 06 Nov 1994 08:49:37 GMT", kExample},
           Row{"Sunday, 06-Nov-94 08:49:37 GMT", kExample},
           Row{"Sun Nov  6 08:49:37 1994", kExample},
           Row{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
           Row{"Thu Jan  1 00:00:00 1970", 0},
           Row{"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
           Row{"Wed Nov 16 08:49:37 1994", kExample + 10 * 86400},
           Row{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
           Row{"Wed, 31 Dec 1969 23:59:59 GMT", -1},
           Row{"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
           Row{"Friday, 07-Jun-24 10:00:00 GMT", kNow},
       }) {
    CAPTURE(row.text);
    CHECK(parse_http_date(row.text, kNow) == row.time);
  }
}

TEST_CASE("a year of two digits is at most 50 years ahead") {
  const auto year = [](const std::string& digits) {
    const auto time = parse_http_date("Monday, 01-Jan-" + digits + " 00:00:00 GMT", kNow);
    REQUIRE(time);
    return format_http_date(*time).substr(12, 4);
  };
  CHECK(year("24") == "2024");
  CHECK(year("25") == "2025");
  CHECK(year("74") == "2074");
  CHECK(year("75") == "1975");
  CHECK(year("99") == "1999");
  CHECK(year("00") == "2000");
}

TEST_CASE("what is not a date is refused") {
  for (const std::string_view text : {
           "",
           " ",
           "0",
           "784111777",
           "1994-11-06T08:49:37Z",
           "Sun, 06 Nov 1994 08:49:37",
           "Sun, 06 Nov 1994 08:49:37 UTC",
           "Sun, 06 Nov 1994 08:49:37 +0000",
           "Sun, 06 Nov 1994 08:49:37 gmt",
           "Sun, 06 Nov 1994 08:49:37 GMT ",
           " Sun, 06 Nov 1994 08:49:37 GMT",
           "Sun 06 Nov 1994 08:49:37 GMT",
           "Sun,06 Nov 1994 08:49:37 GMT",
           "sun, 06 Nov 1994 08:49:37 GMT",
           "Xyz, 06 Nov 1994 08:49:37 GMT",
           "Sun, 6 Nov 1994 08:49:37 GMT",
           "Sun, 06 nov 1994 08:49:37 GMT",
           "Sun, 06 11 1994 08:49:37 GMT",
           "Sun, 06 Nov 94 08:49:37 GMT",
           "Sun, 00 Nov 1994 08:49:37 GMT",
           "Sun, 31 Nov 1994 08:49:37 GMT",
           "Sun, 32 Oct 1994 08:49:37 GMT",
           "Sun, 29 Feb 1994 08:49:37 GMT",
           "Thu, 29 Feb 1900 08:49:37 GMT",
           "Sun, 06 Nov 1994 24:00:00 GMT",
           "Sun, 06 Nov 1994 08:60:00 GMT",
           "Sun, 06 Nov 1994 08:49:61 GMT",
           "Sun, 06 Nov 1994 8:49:37 GMT",
           "Sun, 06 Nov 1994 08-49-37 GMT",
           "Sun, 06 Nov 1994 -8:49:37 GMT",
           "Sun, 06-Nov-94 08:49:37 GMT",
           "Sunday, 06-Nov-1994 08:49:37 GMT",
           "Sunday, 06 Nov 94 08:49:37 GMT",
           "Sunday, 6-Nov-94 08:49:37 GMT",
           "Sun Nov 6 08:49:37 1994",
           "Sun Nov   6 08:49:37 1994",
           "Sun Nov  0 08:49:37 1994",
           "Sun Nov  6 08:49:37 94",
           "Sun Nov  6 08:49:37 1994 GMT",
           "Sun Nov  6 08:49:37 19940",
       }) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text, kNow));
  }
}

TEST_CASE("what is written is read back") {
  SeededRandom random(11);
  for (int i = 0; i < 2000; ++i) {
    const auto time = static_cast<std::time_t>(random.below(253402300800));
    REQUIRE(parse_http_date(format_http_date(time), kNow) == time);
  }
}

TEST_CASE("the date cache is right at every moment and steps on the second") {
  DateCache cache;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const WallTime start(seconds{kExample});
  CHECK(cache.at(start) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(cache.at(start + milliseconds(999)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(cache.at(start + milliseconds(1000)) == "Sun, 06 Nov 1994 08:49:38 GMT");
  CHECK(cache.at(start) == "Sun, 06 Nov 1994 08:49:37 GMT");
  DateCache epoch;
  CHECK(epoch.at(WallTime(milliseconds(-1))) == "Thu, 01 Jan 1970 00:00:00 GMT");
}
