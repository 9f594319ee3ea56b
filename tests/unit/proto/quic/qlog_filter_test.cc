#include "proto/quic/qlog.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

QlogFilter filter(std::string_view text) {
  auto parsed = parse_qlog_filter(text);
  REQUIRE(parsed);
  return *parsed;
}

bool wants(const QlogFilter& filter, const char* client) {
  SeededRandom random(1);
  return filter.wants(*Address::parse(client), random);
}

}  // namespace

TEST_CASE("Without more said every connection is logged") {
  CHECK(wants({}, "192.0.2.7:1"));
  CHECK(wants({}, "[2001:db8::1]:1"));
}

TEST_CASE("One in N is chosen by chance") {
  CHECK(wants(filter("1/1"), "192.0.2.7:1"));
  SeededRandom random(7);
  const Address client = *Address::parse("192.0.2.7:1");
  for (const unsigned n : {2U, 10U, 100U}) {
    const QlogFilter one_in = filter("1/" + std::to_string(n));
    unsigned chosen = 0;
    for (unsigned i = 0; i < 1000 * n; ++i) chosen += one_in.wants(client, random) ? 1U : 0U;
    CHECK(chosen > 850);
    CHECK(chosen < 1150);
  }
  CHECK(filter("1/4294967295").one_in == 4294967295);
}

TEST_CASE("Clients are chosen by their address, or by how it begins") {
  CHECK(wants(filter("192.0.2.7"), "192.0.2.7:1"));
  CHECK_FALSE(wants(filter("192.0.2.7"), "192.0.2.6:1"));
  CHECK(wants(filter("2001:db8::7"), "[2001:db8::7]:1"));
  CHECK_FALSE(wants(filter("2001:db8::7"), "[2001:db8::8]:1"));
  CHECK(wants(filter("192.0.2.99/24"), "192.0.2.1:1"));
  CHECK_FALSE(wants(filter("192.0.2.0/24"), "192.0.3.0:1"));
  CHECK(wants(filter("192.0.2.0/23"), "192.0.3.0:1"));
  CHECK(wants(filter("10.0.0.0/9"), "10.127.255.255:1"));
  CHECK_FALSE(wants(filter("10.0.0.0/9"), "10.128.0.0:1"));
  CHECK(wants(filter("2001:db8::/33"), "[2001:db8:7fff::1]:1"));
  CHECK_FALSE(wants(filter("2001:db8::/33"), "[2001:db8:8000::1]:1"));
  CHECK(wants(filter("0.0.0.0/0"), "203.0.113.9:1"));
  CHECK_FALSE(wants(filter("0.0.0.0/0"), "[::1]:1"));
  CHECK_FALSE(wants(filter("::/0"), "203.0.113.9:1"));
}

TEST_CASE("What is neither a share nor an address is told what it should be") {
  for (const char* wrong :
       {"", "1/", "1/0", "1/-1", "1/4294967296", "2/3", "1/2/3", "7", "192.0.2", "192.0.2.7:443",
        "192.0.2.0/33", "192.0.2.0/", "2001:db8::/129", "[::1]", "localhost", "1/2 "}) {
    INFO(wrong);
    const auto parsed = parse_qlog_filter(wrong);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().ends_with(std::string("not \"") + wrong + '"'));
    CHECK(parsed.error().contains("1/100"));
  }
}
