#include "packets.h"

namespace troika::test {
namespace {

quic::EndpointConfig with_limit(std::uint64_t packets) {
  return endpoint_config([&](auto& config) { config.key_update_packets = packets; });
}

// How many packets the server had sent before each of its updates, and before the burst ahead of
// it, while the client asks for little things one after the other.
struct Update {
  std::size_t before = 0, earlier = 0;
};
Update next_update(QuicWorld& w, ClientSide& client) {
  const auto updates = w.endpoint->counters().key_updates;
  Update update;
  const auto watch = [&] {
    if (w.endpoint->counters().key_updates != updates) return true;
    if (const std::size_t now = w.sent_by_server(); now != update.before) {
      update.earlier = std::exchange(update.before, now);
    }
    return false;
  };
  for (int i = 0; i < 1000 && !w.run_until(watch, 500ms); ++i) client.app().ask("x");
  return update;
}

TEST_CASE("The server takes a new key once it has sealed as many packets as it may with the old") {
  constexpr std::size_t kLimit = 50;
  QuicWorld w(1, with_limit(kLimit));
  ClientSide& client = w.connect_and_settle();
  const Update first = next_update(w, client);
  for (std::size_t last = first.before, i = 0; i < 5; ++i) {
    const Update update = next_update(w, client);
    CHECK(update.before - last >= kLimit);
    CHECK(update.earlier - last < kLimit);
    last = update.before;
  }
}

TEST_CASE("Key updates of the server in mid-transfer change no byte, whatever the network does") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    QuicWorld w(seed, with_cubic(with_limit(100)));
    ClientSide& client = w.connect({.jitter = 5ms, .loss = 0.05, .reorder = 0.1, .duplicate = 0.1});
    REQUIRE(w.download(client, 1048576, 300s));
    CHECK(w.endpoint->counters().key_updates >= 2);
    CHECK(w.endpoint->counters().key_updates <= w.sent_by_server() / 100);
  }
}

TEST_CASE("Key updates of the client in mid-transfer change no byte, whatever the network does") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    QuicWorld w(seed, with_cubic(with_limit(seed % 2 == 0 ? 150 : 1U << 20U)));
    ClientSide& client =
        w.connect_and_establish({.jitter = 5ms, .loss = 0.05, .reorder = 0.1, .duplicate = 0.1});
    client.app().ask("send 1048576");
    int updates = 0;
    for (std::size_t asked = 100000; asked < 1000000; asked += 100000) {
      REQUIRE(w.run_until([&] { return client.app().answer().bytes.size() > asked; }, 300s));
      updates += client.quic->update_key(w.world.clock.now()) ? 1 : 0;
    }
    REQUIRE(w.run_until([&] { return client.app().answered(1); }, 300s));
    REQUIRE(client.app().answer().bytes == pattern(1048576));
    CHECK(updates >= 2);
    CHECK(w.endpoint->counters().handshakes == 1);
  }
}

TEST_CASE("A key update waits for the handshake, and for the update before, to be confirmed") {
  QuicWorld w;
  ClientSide& client = w.connect();
  const auto update = [&] { return client.quic->update_key(w.world.clock.now()); };
  CHECK_FALSE(update());
  REQUIRE(w.run_until([&] { return client.state() == State::established; }));
  CHECK_FALSE(update());  // HANDSHAKE_DONE is still on its way (RFC 9001 §4.1.2)
  w.world.run_for(1s);
  CHECK(update());
  CHECK_FALSE(update());
  w.world.run_for(1s);
  CHECK_FALSE(update());  // no packet has told the client that the server has the key
  REQUIRE(w.ask(client, "with the new key"));
  CHECK_FALSE(update());  // packets of the old one may still come (§6.5)
  w.world.run_for(1s);
  REQUIRE(w.ask(client, "some time later"));
  CHECK(update());
  REQUIRE(w.ask(client, "with the one after"));
  client.quic->close(0x100, w.world.clock.now());
  CHECK_FALSE(update());
}

// Three PTOs lie between two updates (RFC 9001 §6.5). A client that does not wait gains nothing:
// the server drops packets of keys that it has not prepared. So QUIC needs no count of its own.
TEST_CASE("A client that takes a new key whenever it may has few of them") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  int updates = 0;
  for (int i = 0; i < 10'000; ++i) {  // 10 s
    if (i % 5 == 0) client.app().ask("x");
    updates += client.quic->update_key(w.world.clock.now()) ? 1 : 0;
    w.world.run_for(1ms);
  }
  CHECK(updates > 5);
  CHECK(updates < 300);
  CHECK(w.ask(client, "still there"));
}

TEST_CASE("A client that acknowledges nothing meets one new key at most, and no more packets") {
  const auto sent_to_silent = [](std::uint64_t limit) {
    QuicWorld w(1, with_limit(limit));
    ClientSide& client = w.connect_and_settle();
    client.app().ask("send 1048576");
    w.world.run_for(11ms);  // the request is there
    w.to_server(client).black_hole = true;
    const std::size_t packets = w.sent_by_server();
    const std::uint64_t updates = w.endpoint->counters().key_updates;
    w.world.run_for(60s);
    CHECK(w.endpoint->objects() == 0);
    return std::pair(w.sent_by_server() - packets, w.endpoint->counters().key_updates - updates);
  };
  const auto [packets, none] = sent_to_silent(1U << 20U);
  CHECK(none == 0);
  const auto [with_updates, one] = sent_to_silent(1);
  CHECK(one <= 1);
  CHECK(with_updates <= packets);
}

}  // namespace
}  // namespace troika::test
