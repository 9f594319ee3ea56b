#include "ports/address.h"

#include <arpa/inet.h>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "support/words.h"

using namespace troika;

TEST_CASE("addresses are read and written in one form") {
  struct Row {
    std::string_view text, ip;
    int family;
    std::uint16_t port;
    bool loopback, any;
  };
  for (const Row row : {
           Row{"127.0.0.1:8443", "127.0.0.1", AF_INET, 8443, true, false},
           Row{"127.255.0.9:1", "127.255.0.9", AF_INET, 1, true, false},
           Row{"0.0.0.0:0", "0.0.0.0", AF_INET, 0, false, true},
           Row{"192.0.2.7:65535", "192.0.2.7", AF_INET, 65535, false, false},
           Row{"[::1]:8443", "::1", AF_INET6, 8443, true, false},
           Row{"[::]:443", "::", AF_INET6, 443, false, true},
           Row{"[2001:db8::1]:80", "2001:db8::1", AF_INET6, 80, false, false},
       }) {
    CAPTURE(row.text);
    const auto address = Address::parse(row.text);
    REQUIRE(address);
    CHECK(address->text() == row.text);
    CHECK(address->ip() == row.ip);
    CHECK(address->family() == row.family);
    CHECK(address->port() == row.port);
    CHECK(address->is_loopback() == row.loopback);
    CHECK(address->is_any() == row.any);
    CHECK(Address(address->get()) == *address);
  }
  CHECK(Address::parse("[0:0::0:1]:80")->text() == "[::1]:80");
}

TEST_CASE("what is not a numeric address and port is refused with a sentence that quotes it") {
  auto wrong = test::words_of(
      ": :80 127.0.0.1 127.0.0.1: 127.0.0.1:x 127.0.0.1:65536 127.0.0.1:-1 127.0.0.1:80x "
      "127.0.0:80 "
      "256.0.0.1:80 localhost:80 ::1:80 [::1] [::1:80 []:80 [x]:80 [127.0.0.1]:80 127.0.0.1:80:80");
  for (const char* const text : {"", "127.0.0.1:80 ", " 127.0.0.1:80"}) wrong.emplace_back(text);
  for (const std::string& text : wrong) {
    CAPTURE(text);
    const auto address = Address::parse(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().contains('"' + text + '"'));
    CHECK(address.error().contains("[::1]:8443"));
  }
}

TEST_CASE("addresses are equal when family, number and port are") {
  const Address a = *Address::parse("127.0.0.1:80");
  Address b = Address::v4(0x7f000001, 80);
  CHECK(a == b);
  b.set_port(81);
  CHECK(b.port() == 81);
  CHECK_FALSE(a == b);
  CHECK_FALSE(a == *Address::parse("127.0.0.2:80"));
  CHECK_FALSE(a == *Address::parse("[::1]:80"));
  CHECK_FALSE(*Address::parse("[::1]:80") == *Address::parse("[::2]:80"));
  CHECK(Address() == Address());
  CHECK_FALSE(a == Address());
  CHECK(Address().family() == AF_UNSPEC);
}

TEST_CASE("an address has the size of its kind") {
  CHECK(Address::v4(1, 1).size() == sizeof(sockaddr_in));
  CHECK(Address::parse("[::1]:1")->size() == sizeof(sockaddr_in6));
}
