#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/message/request_builder.h"
#include "support/words.h"

using namespace troika;

TEST_CASE("an authority is a host and an optional port") {
  for (const std::string& text : test::words_of(
           "example.com EXAMPLE.com example.com. a_b.c~d-e localhost xn--bcher-kva.example a%20b "
           "example.com:443 example.com: example.com:0 example.com:65535 127.0.0.1:8443 "
           "[::1] [::1]:8443 [::1]: [2001:db8::192.0.2.1]")) {
    CAPTURE(text);
    CHECK(valid_authority(text));
  }
  auto wrong = test::words_of(
      "example.com:65536 example.com:99999999999999999999 example.com:+80 example.com:-1 "
      "example.com:80:80 example.com:http a%2 a%zz a% [::1 [] [::1]8443 [::1]:x [::1%25eth0] "
      "[fe80::1%eth0] [127.0.0.1] [v1.x] [1:2:3:4:5:6:7:8:9] ::1 :80 user@example.com "
      "user:pw@example.com example.com/ example.com? example.com# a,b a\\b a<b> \xc3\xa9.com");
  for (const char* const text : {"", "example.com: 80", "exam ple.com", "a\tb"}) {
    wrong.emplace_back(text);
  }
  wrong.emplace_back("a\0b", 3);
  wrong.emplace_back("[::\0001]", 6);
  wrong.push_back('[' + std::string(10'000, ':') + ']');
  for (const std::string& text : wrong) {
    CAPTURE(text);
    CHECK_FALSE(valid_authority(text));
  }
}

TEST_CASE("a field value holds no control byte but tab") {
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    const std::string value{'a', static_cast<char>(c), 'b'};
    CHECK(valid_field_value(value) == (c == 9 || (c >= 32 && c != 127)));
  }
  CHECK(valid_field_value(""));
}
