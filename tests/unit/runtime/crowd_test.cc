#include "runtime/spare_memory.h"

#include <catch2/catch_test_macros.hpp>

using troika::Crowd;

TEST_CASE("A crowd has gone once a quarter of it is left, and is forgotten then") {
  Crowd crowd;
  CHECK_FALSE(crowd.gone(Crowd::kMany));
  CHECK_FALSE(crowd.gone(Crowd::kMany / 4 + 1));
  CHECK(crowd.gone(Crowd::kMany / 4));
  CHECK_FALSE(crowd.gone(0));
  CHECK_FALSE(crowd.gone(10 * Crowd::kMany));
  CHECK(crowd.gone(0));
}

TEST_CASE("Fewer connections are no crowd") {
  Crowd crowd;
  CHECK_FALSE(crowd.gone(Crowd::kMany - 1));
  CHECK_FALSE(crowd.gone(0));
}
