#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/message/request_builder.h"

using namespace troika;

TEST_CASE("an authority is a host and an optional port") {
  struct Row {
    std::string_view text;
    bool valid;
  };
  for (const Row row : {
           Row{"example.com", true},
           Row{"EXAMPLE.com", true},
           Row{"example.com:443", true},
           Row{"example.com:", true},
           Row{"example.com:0", true},
           Row{"example.com:65535", true},
           Row{"example.com:65536", false},
           Row{"example.com:99999999999999999999", false},
           Row{"example.com:+80", false},
           Row{"example.com:-1", false},
           Row{"example.com: 80", false},
           Row{"example.com:80:80", false},
           Row{"example.com:http", false},
           Row{"example.com.", true},
           Row{"a_b.c~d-e", true},
           Row{"127.0.0.1:8443", true},
           Row{"localhost", true},
           Row{"xn--bcher-kva.example", true},
           Row{"a%20b", true},
           Row{"a%2", false},
           Row{"a%zz", false},
           Row{"a%", false},
           Row{"[::1]", true},
           Row{"[::1]:8443", true},
           Row{"[::1]:", true},
           Row{"[2001:db8::192.0.2.1]", true},
           Row{"[::1", false},
           Row{"[]", false},
           Row{"[::1]8443", false},
           Row{"[::1]:x", false},
           Row{"[::1%25eth0]", false},
           Row{"[fe80::1%eth0]", false},
           Row{"[127.0.0.1]", false},
           Row{"[v1.x]", false},
           Row{"[1:2:3:4:5:6:7:8:9]", false},
           Row{"::1", false},
           Row{"", false},
           Row{":80", false},
           Row{"user@example.com", false},
           Row{"user:pw@example.com", false},
           Row{"example.com/", false},
           Row{"example.com?", false},
           Row{"example.com#", false},
           Row{"exam ple.com", false},
           Row{"a,b", false},
           Row{"a\\b", false},
           Row{"a\tb", false},
           Row{"a<b>", false},
           Row{"\xc3\xa9.com", false},
       }) {
    CAPTURE(row.text);
    CHECK(valid_authority(row.text) == row.valid);
  }
  CHECK_FALSE(valid_authority(std::string("a\0b", 3)));
  CHECK_FALSE(valid_authority(std::string(1, '[') + std::string(10'000, ':') + "]"));
}

TEST_CASE("a field value holds no control byte but tab") {
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    const std::string value{'a', static_cast<char>(c), 'b'};
    CHECK(valid_field_value(value) == (c == 9 || (c >= 32 && c != 127)));
  }
  CHECK(valid_field_value(""));
}
