// ngtcp2 without memory ends its connection, and nothing else.
#include "quic_world.h"

namespace troika::test {
namespace {

TEST_CASE("A connection that misses a block of memory ends, whichever it is, and others do not") {
  std::uint64_t missing = 0, ended = 0;
  for (bool missed = true; missed;) {
    CAPTURE(++missing);
    BlockPool blocks;
    QuicWorld w(1, endpoint_config([&](auto& config) { config.blocks = &blocks; }));
    blocks.miss(missing);
    ClientSide& client = w.connect();
    const bool served = w.establish(client) && w.download(client, 20'000);
    missed = blocks.taken() >= missing;
    // Whose first packet was lost so sends it again.
    CHECK((served || client.state() == State::closed));
    if (!served) ++ended;
    blocks.miss(0);
    if (missing % 10 == 1) CHECK(w.download(w.connect_and_establish(), 1000));
    for (const auto& each : w.clients) each->quic->close(w.traits.no_error, w.world.clock.now());
    CHECK(w.run_until([&] { return w.endpoint->objects() == 0; }));
    CHECK(w.held.held() == 0);
  }
  CHECK(missing > 50);
  CHECK(ended > 10);
}

}  // namespace
}  // namespace troika::test
