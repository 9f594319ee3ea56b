// The rows of QUIC: nothing is kept of them, little comes back, and a client gets in afterwards.
#include <catch2/catch_test_macros.hpp>

#include "frame_client.h"
#include "initial_packet.h"
#include "rows.h"
#include "unit/proto/quic/packets.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;

// A CRYPTO frame with the beginning of a ClientHello.
constexpr std::string_view kBegun = "\x06\0\x08\x01\0\x04\0\x03\x03zz"sv;

void check_over(test::QuicWorld& w) {
  CHECK(w.log.handshakes == 0);
  w.world.run_for(std::chrono::seconds(30));
  CHECK(w.endpoint->objects() == 0);
  CHECK(w.held.held() == 0);
  CHECK(w.ask(w.connect(), "send 1000"));
}

}  // namespace

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

TEST_CASE("every first message of the table ends its connection with the code that it says") {
  for (const InitialRow& row : initial_rows()) {
    if (!row.code) continue;
    INFO(row.name);
    test::QuicWorld w;
    test::Catcher catcher(w, test::stranger());
    w.inject(initial_packet(row.frames), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    REQUIRE(catcher.caught.size() == 1);
    CHECK(catcher.caught[0].size() < 1200);
    CHECK(close_code_in(catcher.caught[0]).value_or(0) == *row.code);
    check_over(w);
  }
}

TEST_CASE("every first message of the table that is allowed is replied to with a handshake") {
  for (const InitialRow& row : initial_rows()) {
    if (!row.taken) continue;
    INFO(row.name);
    test::QuicWorld w;
    test::Catcher catcher(w, test::stranger());
    w.inject(initial_packet(row.frames), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    REQUIRE_FALSE(catcher.caught.empty());
    CHECK_FALSE(close_code_in(catcher.caught[0]));
    CHECK(w.endpoint->objects() > 0);
    check_over(w);
  }
}

TEST_CASE("every other Initial of the table is dropped, in place of a ClientHello or behind one") {
  for (const InitialRow& row : initial_rows()) {
    if (row.code || row.taken) continue;
    INFO(row.name);
    test::QuicWorld w;
    test::Catcher catcher(w, test::stranger());
    w.inject(initial_packet(row.frames), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    CHECK(catcher.caught.empty());
    CHECK(w.endpoint->counters().accepted == 0);
    CHECK(w.endpoint->objects() == 0);
    w.inject(initial_packet(kBegun), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    CHECK(catcher.caught.size() == 1);  // it is acknowledged
    w.inject(initial_packet(row.frames, 1), test::stranger());
    w.world.run_for(std::chrono::milliseconds(1));
    CHECK(catcher.caught.size() == 1);
    check_over(w);
  }
}

TEST_CASE("every packet of the table ends its connection with the code that it says") {
  for (const FrameRow& row : frame_rows()) {
    INFO(row.name);
    test::QuicWorld w;
    {
      FrameClient client(w);
      const auto closed = client.send(row.level, row.frames);
      CHECK(closed.value_or(0) == row.code.value_or(0));
    }
    w.world.run_for(std::chrono::minutes(2));
    CHECK(w.endpoint->objects() == 0);
    CHECK(w.held.held() == 0);
    CHECK(w.ask(w.connect(), "send 1000"));
  }
}

}  // namespace troika::vectors
