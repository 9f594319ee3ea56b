#include "ports/network.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

TEST_CASE("a network is the first bits of an address, without its port") {
  const auto network = [](const char* text, unsigned v4, unsigned v6) {
    return network_of(*Address::parse(text), {.v4 = v4, .v6 = v6}).text();
  };
  CHECK(network("192.0.2.255:80", 24, 0) == "192.0.2.0:0");
  CHECK(network("192.0.2.255:80", 31, 0) == "192.0.2.254:0");
  CHECK(network("192.0.2.255:80", 32, 0) == "192.0.2.255:0");
  CHECK(network("192.0.2.255:80", 0, 0) == "0.0.0.0:0");
  CHECK(network("[2001:db8:ffff:ffff::1]:80", 0, 48) == "[2001:db8:ffff::]:0");
  CHECK(network("[2001:db8:ffff:ffff::1]:80", 0, 49) == "[2001:db8:ffff:8000::]:0");
  CHECK(network("[2001:db8::1]:80", 0, 128) == "[2001:db8::1]:0");
  CHECK(network("[2001:db8::1]:80", 0, 0) == "[::]:0");
  CHECK(network_of(Address(), kAnonymous).family() == AF_UNSPEC);
}

TEST_CASE("an address is appended as it is written") {
  std::string text = "a ";
  append_ip(text, *Address::parse("10.0.255.1:80"));
  append_ip(text += ' ', *Address::parse("[2001:db8::1]:80"));
  append_ip(text += ' ', Address());
  CHECK(text == "a 10.0.255.1 2001:db8::1 ");
}
