#include "handlers/files/shared_result.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace troika;

TEST_CASE("a value is worked out by the first who asks and given to all who wait, in their order") {
  SharedResult<int> value;
  CHECK(value.claim());
  CHECK_FALSE(value.claim());
  CHECK(value.get() == nullptr);
  std::string order;
  const auto a = value.wait([&](const Result<int>& v) { order += "a" + std::to_string(*v); });
  const auto b = value.wait([&](const Result<int>& v) { order += "b" + std::to_string(*v); });
  CHECK(value.wanted());
  value.finish(7);
  CHECK(order == "a7b7");
  CHECK_FALSE(value.wanted());
  REQUIRE(value.get() != nullptr);
  CHECK(*value.get() == 7);
}

TEST_CASE("a failure is told once, and the next who asks begins again") {
  SharedResult<int> value;
  CHECK(value.claim());
  int failed = 0;
  std::unique_ptr<Operation> again;
  const auto a = value.wait([&](const Result<int>& v) {
    failed += v ? 0 : 1;
    again = value.wait([&](const Result<int>& w) { failed += w ? 0 : 10; });
    CHECK(value.claim());
  });
  value.finish(fail(ErrorCode::io, "made to fail"));
  CHECK(failed == 1);
  CHECK(value.get() == nullptr);
  CHECK(value.wanted());
  value.finish(3);
  CHECK(failed == 1);
}

TEST_CASE("who has cancelled is not called, also when another callback cancels it") {
  SharedResult<int> value;
  int calls = 0;
  std::unique_ptr<Operation> a, b, c;
  a = value.wait([&](const Result<int>&) {
    ++calls;
    a.reset();  // its own
    b.reset();
  });
  b = value.wait([&](const Result<int>&) { calls += 10; });
  c = value.wait([&](const Result<int>&) { calls += 100; });
  c.reset();
  value.finish(1);
  CHECK(calls == 1);
}

TEST_CASE("nobody wants a value when the last who waited has left") {
  SharedResult<int> value;
  CHECK(value.claim());
  auto a = value.wait([](const Result<int>&) {});
  auto b = value.wait([](const Result<int>&) {});
  a.reset();
  CHECK(value.wanted());
  b.reset();
  CHECK_FALSE(value.wanted());
  CHECK_FALSE(value.abandon());
  CHECK(value.claim());  // so the next who asks begins anew
  a = value.wait([](const Result<int>&) {});
  CHECK(value.abandon());  // somebody came before the work saw that it was stopped
  CHECK_FALSE(value.claim());
}
