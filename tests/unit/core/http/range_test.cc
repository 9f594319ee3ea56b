#include "http/semantics/range.h"
#include "base/text.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <string>

#include "support/words.h"

using namespace troika;

namespace {

using Kind = RangeChoice::Kind;
constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

// "whole", "unsatisfiable" or the parts as "0-1 5-9".
std::string text_of(const RangeChoice& choice) {
  if (choice.kind == Kind::whole) return choice.parts.empty() ? "whole" : "whole, with parts";
  if (choice.kind == Kind::unsatisfiable) return choice.parts.empty() ? "unsatisfiable" : "both";
  std::string out;
  for (const ByteRange& part : choice.parts) {
    out += formatted("{}{}-{}", out.empty() ? "" : " ", part.first, part.last);
  }
  return out;
}
std::string chosen(std::string_view field, std::uint64_t size) {
  return text_of(choose_ranges(field, size));
}

// "0-0,2-2,4-4", one byte each with one between.
std::string apart(std::size_t count) {
  std::string field = "bytes=";
  for (std::size_t i = 0; i < count; ++i) field += formatted("{0}-{0},", 2 * i);
  field.pop_back();
  return field;
}

}  // namespace

TEST_CASE("the RFC's own examples of ranges, of a representation of 10000 bytes") {
  CHECK(chosen("bytes=0-499", 10000) == "0-499");
  CHECK(chosen("bytes=500-999", 10000) == "500-999");
  CHECK(chosen("bytes=-500", 10000) == "9500-9999");
  CHECK(chosen("bytes=9500-", 10000) == "9500-9999");
  CHECK(chosen("bytes=0-0,-1", 10000) == "0-0 9999-9999");
  CHECK(chosen("bytes= 0-999, 4500-5499, -1000", 10000) == "0-999 4500-5499 9000-9999");
  CHECK(chosen("bytes=500-600,601-999", 10000) == "500-600 601-999");
  CHECK(chosen("bytes=500-700,601-999", 10000) == "500-700 601-999");
}

TEST_CASE("ranges are clipped to the size and come in the order asked for") {
  CHECK(chosen("bytes=0-", 10) == "0-9");
  CHECK(chosen("bytes=0-9", 10) == "0-9");
  CHECK(chosen("bytes=0-10", 10) == "0-9");
  CHECK(chosen("bytes=9-9", 10) == "9-9");
  CHECK(chosen("bytes=-10", 10) == "0-9");
  CHECK(chosen("bytes=-11", 10) == "0-9");
  CHECK(chosen("bytes=8-9,0-1,4-5", 10) == "8-9 0-1 4-5");
  CHECK(chosen("bytes=0-1,20-30,-1", 10) == "0-1 9-9");
}

TEST_CASE("a range that begins at the size or beyond cannot be satisfied") {
  CHECK(chosen("bytes=10-", 10) == "unsatisfiable");
  CHECK(chosen("bytes=10-20", 10) == "unsatisfiable");
  CHECK(chosen("bytes=-0", 10) == "unsatisfiable");
  CHECK(chosen("bytes=-000", 10) == "unsatisfiable");
  CHECK(chosen("bytes=10-,11-12,-0", 10) == "unsatisfiable");
  CHECK(chosen("bytes=-0,9-", 10) == "9-9");
}

TEST_CASE("every range of an empty representation is ignored") {
  for (const std::string_view field :
       {"bytes=0-", "bytes=0-0", "bytes=5-9", "bytes=-0", "bytes=-1", "bytes=0-0,1-1",
        "bytes=-18446744073709551616", "bytes=0-0,-1"}) {
    CAPTURE(field);
    CHECK(chosen(field, 0) == "whole");
  }
}

TEST_CASE("white space around members and empty members are allowed, no member at all is not") {
  CHECK(chosen("bytes= 0-1", 10) == "0-1");
  CHECK(chosen("bytes=\t0-1 ,\t 3-4\t", 10) == "0-1 3-4");
  CHECK(chosen("bytes=,,0-1,, ,3-4,", 10) == "0-1 3-4");
  CHECK(chosen("BYTES=0-1", 10) == "0-1");
  CHECK(chosen("bYtEs=0-1", 10) == "0-1");
  for (const std::string_view field : {"bytes=", "bytes= ", "bytes=,", "bytes= , ,\t"}) {
    CAPTURE(field);
    CHECK(chosen(field, 10) == "whole");
  }
}

TEST_CASE("another unit or bad syntax anywhere in the field: it is ignored") {
  auto fields = test::words_of(
      "bytes = =0-1 0-1 items=0-1 byte=0-1 bytess=0-1 bytes:0-1 bytes=- bytes=5 bytes=a-b "
      "bytes=1-b "
      "bytes=a-1 bytes=1--2 bytes=--1 bytes=1-2- bytes=+1-2 bytes=1-+2 bytes=-+1 bytes=0x1-2 "
      "bytes=1.0-2 bytes==1-2 bytes=1-2; bytes=\"1-2\" bytes=1-0 bytes=0-1,x bytes=0-1,3-2 "
      "bytes=99-98 bytes=*");
  for (const char* const field :
       {"", "bytes =0-1", " bytes=0-1", "bytes=1 -2", "bytes=1- 2", "bytes=1-2 3", "bytes=\v0-1"}) {
    fields.emplace_back(field);
  }
  for (const std::string& field : fields) {
    CAPTURE(field);
    CHECK(chosen(field, 10) == "whole");
  }
}

TEST_CASE("positions of any length are understood") {
  const std::string big(100, '9');
  CHECK(chosen("bytes=0-" + big, 10) == "0-9");
  CHECK(chosen("bytes=-" + big, 10) == "0-9");
  CHECK(chosen("bytes=" + big + "-", 10) == "unsatisfiable");
  CHECK(chosen("bytes=" + big + "-" + big + "9", 10) == "unsatisfiable");
  CHECK(chosen("bytes=" + big + "9-" + big, 10) == "whole");
  CHECK(chosen("bytes=" + std::string(100, '0') + "1-" + std::string(200, '0') + "2", 10) == "1-2");
  CHECK(chosen("bytes=18446744073709551616-18446744073709551615", 10) == "whole");
  CHECK(chosen("bytes=18446744073709551617-18446744073709551616", 10) == "whole");
  CHECK(chosen("bytes=0-9223372036854775808", 1ULL << 63U) == "0-9223372036854775807");
  CHECK(chosen("bytes=18446744073709551614-", kLargest) ==
        "18446744073709551614-18446744073709551614");
  CHECK(chosen("bytes=18446744073709551615-", kLargest) == "unsatisfiable");
  CHECK(chosen("bytes=18446744073709551616-", kLargest) == "unsatisfiable");
  CHECK(chosen("bytes=-18446744073709551616", kLargest) == "0-18446744073709551614");
  CHECK(chosen("bytes=0-,0-", kLargest) == "whole");
}

TEST_CASE("16 ranges are served, 17 are not, whether they can be satisfied or not") {
  CHECK(choose_ranges(apart(kMaxRanges), 100).parts.size() == 16);
  CHECK(chosen(apart(kMaxRanges + 1), 100) == "whole");
  CHECK(choose_ranges(apart(15) + ",200-", 100).parts.size() == 15);
  CHECK(chosen(apart(16) + ",200-", 100) == "whole");
  CHECK(choose_ranges(apart(16) + ",,, ,", 100).parts.size() == 16);
  std::string beyond = "bytes=100-";
  for (int i = 1; i < 16; ++i) beyond += ",100-";
  CHECK(chosen(beyond, 100) == "unsatisfiable");
  CHECK(chosen(beyond + ",100-", 100) == "whole");
}

TEST_CASE("two ranges may overlap, three may not") {
  CHECK(chosen("bytes=0-5,5-9", 100) == "0-5 5-9");
  CHECK(chosen("bytes=0-5,0-5", 100) == "0-5 0-5");
  CHECK(chosen("bytes=0-5,20-25,3-4", 100) == "0-5 20-25 3-4");
  CHECK(chosen("bytes=0-5,5-9,9-12", 100) == "whole");
  CHECK(chosen("bytes=0-5,6-9,10-12", 100) == "0-5 6-9 10-12");
  CHECK(chosen("bytes=0-1,1-2,50-51,51-52", 100) == "whole");
  CHECK(chosen("bytes=0-50,10-11,30-31", 100) == "whole");
  // Only what is left of them after clipping counts.
  CHECK(chosen("bytes=0-1,98-,100-200,150-", 100) == "0-1 98-99");
  CHECK(chosen("bytes=98-,99-200,-1", 100) == "whole");
}

TEST_CASE("ranges may cost as much as the slack allows and no byte more") {
  // Two parts: 10000 + x + 2 * 256 <= 10000 + 4096.
  CHECK(chosen("bytes=0-,0-3583", 10'000) == "0-9999 0-3583");
  CHECK(chosen("bytes=0-,0-3584", 10'000) == "whole");
  CHECK(chosen("bytes=0-3583,0-", 10'000) == "0-3583 0-9999");
  CHECK(chosen("bytes=0-3584,0-", 10'000) == "whole");
  const std::uint64_t last = kLargest - 1;
  CHECK(chosen("bytes=0-,0-3583", kLargest) == formatted("0-{} 0-3583", last));
  CHECK(chosen("bytes=0-,0-3584", kLargest) == "whole");
  // Sixteen parts use the slack up: they may be as large as the representation, and no byte more.
  std::string sixteen = "bytes=15-99";
  for (int i = 0; i < 14; ++i) sixteen += formatted(",{0}-{0}", i);
  CHECK(choose_ranges(sixteen + ",14-14", 100).parts.size() == 16);
  CHECK(chosen(sixteen + ",14-15", 100) == "whole");
  // One alone never costs too much.
  CHECK(chosen("bytes=0-", kLargest) == formatted("0-{}", last));
}
