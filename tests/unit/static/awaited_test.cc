#include "handlers/static/awaited.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

TEST_CASE("a value is worked out by the first who asks and given to all who wait, in their order") {
  Awaited<int> value;
  CHECK(value.claim());
  CHECK_FALSE(value.claim());
  CHECK(value.get() == nullptr);
  std::string order;
  const auto a = value.wait([&](int v) { order += "a" + std::to_string(v); });
  const auto b = value.wait([&](int v) { order += "b" + std::to_string(v); });
  value.set(7);
  CHECK(order == "a7b7");
  REQUIRE(value.get() != nullptr);
  CHECK(*value.get() == 7);
}

TEST_CASE("who has cancelled is not called, also when another callback cancels it") {
  Awaited<int> value;
  int calls = 0;
  std::unique_ptr<Operation> a, b, c;
  a = value.wait([&](int) {
    ++calls;
    a.reset();  // its own
    b.reset();
  });
  b = value.wait([&](int) { calls += 10; });
  c = value.wait([&](int) { calls += 100; });
  c.reset();
  value.set(1);
  CHECK(calls == 1);
}
