#include "ports/address_range.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

bool contains(std::string_view range, std::string_view address) {
  return AddressRange::parse(range).value().contains(*Address::parse(address));
}

}  // namespace

TEST_CASE("A range has the addresses whose first bits are the same") {
  CHECK(contains("192.0.2.0/24", "192.0.2.255:1"));
  CHECK(!contains("192.0.2.0/24", "192.0.3.0:1"));
  CHECK(contains("192.0.2.7", "192.0.2.7:443"));
  CHECK(!contains("192.0.2.7", "192.0.2.6:443"));
  CHECK(contains("192.0.2.128/25", "192.0.2.129:1"));
  CHECK(!contains("192.0.2.128/25", "192.0.2.127:1"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9:1"));
  CHECK(!contains("0.0.0.0/0", "[::1]:1"));
  CHECK(contains("2001:db8::/32", "[2001:db8:1::1]:1"));
  CHECK(!contains("2001:db8::/32", "[2001:db9::1]:1"));
}

TEST_CASE("What is no range is none") {
  for (const char* text : {"", "x", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/2x",
                           "::/129", "192.0.2", "/8", "192.0.2.0/8/8"}) {
    CAPTURE(text);
    CHECK(!AddressRange::parse(text));
  }
  CHECK(AddressRange::parse("192.0.2.7")->text() == "192.0.2.7/32");
  CHECK(AddressRange::parse("2001:db8::/32")->text() == "2001:db8::/32");
}
