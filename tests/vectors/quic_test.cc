// The rows of QUIC: nothing is kept of them, little comes back, and a client gets in afterwards.
#include <catch2/catch_test_macros.hpp>

#include "initial_packet.h"
#include "rows.h"
#include "unit/proto/quic/packets.h"

namespace troika::vectors {

TEST_CASE("every datagram of the table ends as it says, and the next client is served") {
  for (const DatagramRow& row : datagram_rows()) {
    INFO(row.name);
    test::QuicWorld w;
    test::Catcher catcher(w, test::stranger());
    w.inject(row.bytes, test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    CHECK(w.endpoint->objects() == 0);
    const quic::EndpointCounters counters = w.endpoint->counters();
    CHECK(counters.accepted == 0);
    CHECK(w.log.made == 0);
    CHECK(counters.versions_sent == (row.reply == Reply::versions ? 1 : 0));
    CHECK(counters.resets_sent == (row.reply == Reply::reset ? 1 : 0));
    CHECK(counters.retries_sent == 0);
    CHECK(catcher.caught.size() == (row.reply == Reply::none ? 0 : 1));
    for (const test::Bytes& reply : catcher.caught) CHECK(reply.size() < row.bytes.size());
    test::ClientSide& client = w.connect();
    CHECK(w.ask(client, "send 1000"));
  }
}

TEST_CASE("every ClientHello of the table ends its connection with the code that it says") {
  for (const InitialRow& row : initial_rows()) {
    INFO(row.name);
    test::QuicWorld w;
    test::Catcher catcher(w, test::stranger());
    if (!row.first) continue;
    w.inject(initial_packet(row.frames), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    std::optional<std::uint64_t> code;
    std::size_t sent = 0;
    for (const test::Bytes& reply : catcher.caught) {
      sent += reply.size();
      if (!code) code = close_code_in(reply);
    }
    CHECK(code == row.code);
    CHECK(w.log.handshakes == 0);
    CHECK(sent <= std::size_t{3} * 1200);
    w.world.run_for(std::chrono::seconds(30));
    CHECK(w.endpoint->objects() == 0);
    CHECK(w.held.held() == 0);
    CHECK(w.ask(w.connect(), "send 1000"));
  }
}

// A connection begins with a ClientHello: without one, a wrong frame ends nothing and costs
// nothing.
TEST_CASE("what is wrong in a first packet that begins no handshake is dropped") {
  for (const InitialRow& row : initial_rows()) {
    if (row.first) continue;
    INFO(row.name);
    test::QuicWorld w;
    test::Catcher catcher(w, test::stranger());
    w.inject(initial_packet(row.frames), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    CHECK(catcher.caught.empty());
    CHECK(w.endpoint->counters().accepted == 0);
    CHECK(w.endpoint->objects() == 0);
  }
}

}  // namespace troika::vectors
