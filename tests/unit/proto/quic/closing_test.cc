#include <catch2/generators/catch_generators.hpp>

#include "quic_world.h"

namespace troika::test {
namespace {

constexpr AppError kNoError = 0x100;

TEST_CASE("A connection that the client closes is drained and freed after three PTOs") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  client.quic->close(kNoError, w.world.clock.now());
  CHECK(client.state() == State::closed);
  CHECK(client.quic->close_reason().code == ErrorCode::closed);
  REQUIRE(w.run_until([&] { return w.endpoint->connections() == 0; }));
  CHECK(w.log.aborted == 1);
  CHECK(w.log.ended_with == kNoError);
  CHECK(w.log.alive.empty());
  CHECK(w.endpoint->objects() == 1);
  const TimePoint drained = w.world.clock.now();
  const std::size_t sent = w.sent_by_server();
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }));
  const Duration kept = w.world.clock.now() - drained;
  CHECK(kept > 60ms);  // three times at least the round trip of 20 ms
  CHECK(kept < 1s);
  CHECK(w.sent_by_server() == sent);
  CHECK(w.log.aborted == 1);
  CHECK(client.log.aborted == 1);
}

TEST_CASE("A closing connection answers ever more rarely, and is freed after three PTOs") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  w.to_client(client).black_hole = true;
  w.endpoint->close_all(w.world.clock.now());
  CHECK(w.endpoint->connections() == 0);
  CHECK(w.endpoint->objects() == 1);
  CHECK(w.log.aborted == 1);
  const std::size_t sent = w.sent_by_server();
  const std::uint64_t heard = w.endpoint->counters().datagrams_in;
  for (int i = 0; i < 9; ++i) {
    client.app().ask("are you there?");
    w.world.run_for(3ms);
  }
  w.world.run_for(10ms);  // the delay of the link
  const std::uint64_t packets = w.endpoint->counters().datagrams_in - heard;
  REQUIRE(packets >= 8);
  REQUIRE(packets < 16);
  CHECK(w.sent_by_server() - sent == 4);  // the 1st, 2nd, 4th and 8th packet
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }, 2s));
}

TEST_CASE("An error of the application closes the connection with its code") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  w.server_app().fail_on_data = true;
  client.app().ask("x");
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }));
  CHECK(client.quic->close_reason().code == ErrorCode::protocol);
  CHECK(client.log.ended_with == w.log.ended_with);
  CHECK(w.log.aborted == 1);
  CHECK(w.endpoint->connections() == 0);
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }));
  CHECK(w.log.aborted == 1);
}

TEST_CASE("What is queued before a close is still sent") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  client.app().ask("last words");
  client.quic->close(kNoError, w.world.clock.now());
  REQUIRE(w.run_until([&] { return w.endpoint->connections() == 0; }));
  CHECK(w.log.aborted == 1);
  CHECK(w.endpoint->counters().datagrams_dropped == 0);
}

TEST_CASE("An idle connection is freed silently on both sides, and nobody is kept alive") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  const std::size_t sent = w.world.net.log().size();
  const bool client_is_there = GENERATE(true, false);
  if (!client_is_there) w.world.leave(*client.port);
  w.world.run_for(27s);  // of the 30 s two and a little are over
  CHECK(w.endpoint->connections() == 1);
  CHECK(w.world.net.log().size() == sent);
  w.world.run_for(2s);
  CHECK(w.endpoint->objects() == 0);
  CHECK(w.world.net.log().size() == sent);
  CHECK(w.log.aborted == 1);
  if (!client_is_there) return;
  CHECK(client.state() == State::closed);
  CHECK(client.quic->close_reason().code == ErrorCode::timeout);
  CHECK(client.log.aborted == 1);
}

TEST_CASE("A connection that is kept alive outlives the idle timeout of either side") {
  const auto [client_idle, server_idle] =
      GENERATE(std::pair{30s, 30s}, std::pair{8s, 30s}, std::pair{30s, 8s});
  CAPTURE(client_idle, server_idle);
  QuicWorld w(1, endpoint_config([&](quic::EndpointConfig& c) { c.idle_timeout = server_idle; }));
  w.client_config.idle_timeout = client_idle;
  ClientSide& client = w.connect_and_settle();
  const std::size_t sent = w.world.net.log().size();
  client.app().quic.keep_alive(15s);
  w.flush();
  w.world.run_for(120s);
  REQUIRE(client.state() == State::established);
  CHECK(w.endpoint->connections() == 1);
  const auto pings =
      static_cast<std::size_t>(120s / std::min(15s, std::min(client_idle, server_idle) / 2));
  CHECK(w.world.net.log().size() - sent <= 3 * pings);  // with their acknowledgements

  const bool kept = GENERATE(true, false);
  if (kept) {
    w.world.leave(w.port);
  } else {
    client.app().quic.keep_alive(Duration::zero());
  }
  w.world.run_for(15s + std::min(client_idle, server_idle) + 3s);
  CHECK(client.state() == State::closed);
  CHECK(client.quic->close_reason().code == ErrorCode::timeout);
}

TEST_CASE("A connection in use outlives the idle timeout") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  for (std::size_t i = 0; i < 6; ++i) {
    w.world.run_for(20s);
    REQUIRE(w.ask(client, "ping"));
  }
  CHECK(w.endpoint->connections() == 1);
}

TEST_CASE("A draining endpoint lets applications finish, closes, and refuses newcomers") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  w.server_app().finish_on_drain = false;
  w.endpoint->drain();
  w.flush();
  CHECK(w.server_app().drained);
  w.world.run_for(1s);
  CHECK(w.endpoint->connections() == 1);

  ClientSide& late = w.connect();
  CHECK_FALSE(w.establish(late));
  CHECK(late.quic->close_reason().code == ErrorCode::unavailable);
  CHECK(w.endpoint->counters().refused >= 1);

  w.server_app().finish_on_drain = true;
  w.server_app().quic.mark_writable();
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }));
  CHECK(client.quic->close_reason().code == ErrorCode::closed);
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }));
}

TEST_CASE("An endpoint that goes takes its connections with it, applications told once") {
  QuicWorld w;
  w.connect_and_settle();
  w.world.leave(w.port);
  w.endpoint.reset();
  CHECK(w.log.aborted == 1);
  CHECK(w.log.alive.empty());
}

TEST_CASE("A client that is destroyed while it is open tells its application") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  w.world.leave(*client.port);
  client.quic.reset();
  CHECK(client.log.aborted == 1);
  CHECK(client.log.alive.empty());
}

TEST_CASE("A close while the sink is blocked goes out when it takes again") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  ClientSide& other = w.connect_and_establish();
  w.world.run_for(1s);
  w.port.blocked = true;
  w.endpoint->close_all(w.world.clock.now());
  w.world.run_for(10ms);
  w.world.unblock(w.port);
  REQUIRE(w.run_until(
      [&] { return client.state() == State::closed && other.state() == State::closed; }));
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }));
  CHECK(w.log.aborted == 2);
}

TEST_CASE("After the server forgot everything, its reset ends the connection at once") {
  QuicWorld w;
  ClientSide& client = w.connect_and_settle();
  w.start(endpoint_config());
  CHECK(w.endpoint->objects() == 0);
  client.app().ask("still there?");
  const TimePoint start = w.world.clock.now();
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }));
  CHECK(w.world.clock.now() - start < 1s);
  CHECK(client.quic->close_reason().detail.starts_with("stateless reset"));
  CHECK(w.endpoint->counters().resets_sent >= 1);
}

}  // namespace
}  // namespace troika::test
