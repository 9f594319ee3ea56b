#include "handlers/guard/rate_table.h"

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"

using namespace troika;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart{std::chrono::hours(1)};

Address at(const std::string& text) { return *Address::parse(text); }

}  // namespace

TEST_CASE("A client has its burst at once, and then so many a second") {
  RateTable table({.per_second = 2, .burst = 3});
  const Address client = at("192.0.2.1:1");
  for (int i = 0; i < 3; ++i) CHECK(!table.take(client, kStart));
  CHECK(table.take(client, kStart) == 500ms);
  CHECK(table.take(client, kStart + 400ms) == 100ms);
  CHECK(!table.take(client, kStart + 500ms));
  CHECK(table.take(client, kStart + 500ms) == 500ms);
  // No more than the burst is ever saved.
  for (int i = 0; i < 3; ++i) CHECK(!table.take(client, kStart + 1h));
  CHECK(table.take(client, kStart + 1h));
}

TEST_CASE("Whoever asks in vain does not wait longer for it") {
  RateTable table({.per_second = 1, .burst = 1});
  const Address client = at("192.0.2.1:1");
  CHECK(!table.take(client, kStart));
  for (int i = 0; i < 100; ++i) CHECK(table.take(client, kStart + 10ms) == 990ms);
  CHECK(!table.take(client, kStart + 1s));
}

TEST_CASE("A client is an address of IPv4, or a /64 of IPv6, whatever its port") {
  RateTable table({.per_second = 1, .burst = 1});
  CHECK(!table.take(at("192.0.2.1:1"), kStart));
  CHECK(table.take(at("192.0.2.1:2"), kStart));
  CHECK(!table.take(at("192.0.2.2:1"), kStart));
  CHECK(!table.take(at("[2001:db8::1]:1"), kStart));
  CHECK(table.take(at("[2001:db8::2]:1"), kStart));
  CHECK(!table.take(at("[2001:db8:0:1::1]:1"), kStart));
}

TEST_CASE("So many clients are remembered; then the one that asked the longest ago is forgotten") {
  RateTable table({.per_second = 1, .burst = 1}, 3);
  const auto client = [](int i) { return at(formatted("192.0.2.{}:1", i)); };
  for (int i = 0; i < 3; ++i) CHECK(!table.take(client(i), kStart));
  CHECK(table.take(client(0), kStart));   // remembered, and the newest now
  CHECK(!table.take(client(3), kStart));  // in the place of 1
  CHECK(table.take(client(0), kStart));
  CHECK(table.take(client(2), kStart));
  CHECK(!table.take(client(1), kStart));
}

TEST_CASE("A clock that is a little behind gives nothing and takes nothing") {
  RateTable table({.per_second = 1, .burst = 2});
  const Address client = at("192.0.2.1:1");
  CHECK(!table.take(client, kStart));
  CHECK(!table.take(client, kStart - 1ms));
  CHECK(table.take(client, kStart) == 1s);
}
