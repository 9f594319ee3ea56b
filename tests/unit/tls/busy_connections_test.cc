#include "tls/transport/busy_connections.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace troika::tls;

namespace {

struct Counted final : BusyConnections::Connection {
  void free_buffers() noexcept override { ++freed; }
  int freed = 0;
};

}  // namespace

TEST_CASE("as many connections keep their buffers, and for one more the one used longest ago") {
  BusyConnections busy;
  std::vector<Counted> all(BusyConnections::kMost + 1);
  for (std::size_t i = 0; i < BusyConnections::kMost; ++i) busy.used(all[i]);
  for (const Counted& each : all) CHECK(each.freed == 0);
  busy.used(all[0]);  // now the second is the oldest
  busy.used(all.back());
  CHECK(all[1].freed == 1);
  CHECK(all[0].freed == 0);
  busy.used(all[1]);
  CHECK(all[2].freed == 1);
  CHECK(all[1].freed == 1);
}

TEST_CASE("a connection that has gone makes room for another") {
  BusyConnections busy;
  std::vector<Counted> all(BusyConnections::kMost + 2);
  for (std::size_t i = 0; i < BusyConnections::kMost; ++i) busy.used(all[i]);
  for (const std::size_t gone : {std::size_t{0}, std::size_t{20}, BusyConnections::kMost - 1}) {
    busy.remove(all[gone]);
    busy.remove(all[gone]);  // no harm
  }
  busy.used(all[BusyConnections::kMost]);
  busy.used(all[BusyConnections::kMost + 1]);
  busy.used(all[20]);
  for (const Counted& each : all) CHECK(each.freed == 0);
  busy.used(all[0]);
  CHECK(all[1].freed == 1);
}
