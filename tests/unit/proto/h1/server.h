#pragma once
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "support/h1_harness.h"

namespace troika::test {

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// The response that `text` is: there is no other, and nothing is amiss.
inline H1Response only(std::string_view text) {
  H1ResponseReader reader(text);
  CHECK(reader.error == "");
  REQUIRE(reader.responses.size() == 1);
  return std::move(reader.responses[0]);
}

}  // namespace troika::test
