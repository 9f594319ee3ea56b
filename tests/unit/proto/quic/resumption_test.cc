#include "proto/quic/client_connection.h"

#include <catch2/generators/catch_generators.hpp>

#include "quic_world.h"
#include "tls/tickets/replay_register.h"

namespace troika::test {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// A world whose server takes early data, and what a client keeps of a first visit there.
struct Returning : QuicWorld {
  Returning() {
    static const SystemClock of_openssl;
    static tls::ReplayRegister replays(of_openssl, 1000, 30s);
    static const auto context = make_server_tls({.replays = &replays});
    start(endpoint_config(), *context);
    ClientSide& first = connect();
    REQUIRE(ask(first, "first"));
    world.run_for(1s);
    kept = first.quic->resumption();
    first.quic->close(0x100, world.clock.now());
    CHECK(first.quic->resumption() == kept);
    REQUIRE(run_until([&] { return endpoint->objects() == 0; }));
  }
  std::vector<std::byte> kept;

  Error refusal(std::span<const std::byte> resumption) {
    client_config.resumption.assign(resumption.begin(), resumption.end());
    ScriptLog ignored;
    SimNetwork::Port& client = world.net.open(client_address(99));
    const auto made = make_client(client.address(), client, ignored);
    return made ? Error{ErrorCode::internal, "it was made"} : made.error();
  }
};

}  // namespace

TEST_CASE("What a client keeps of a connection is read as it was written") {
  const quic::Resumption kept{.version = 0x6b3343cf,
                              .session = bytes_of("session"),
                              .limits = bytes_of(std::string(300, 'x')),
                              .application = {}};
  const auto bytes = quic::encode(kept);
  const auto read = quic::decode_resumption(bytes);
  REQUIRE(read);
  CHECK(read->version == kept.version);
  CHECK(read->session == kept.session);
  CHECK(read->limits == kept.limits);
  CHECK(read->application.empty());
}

TEST_CASE("What a client keeps of a connection is refused with any bit changed or byte missing") {
  const auto bytes = quic::encode({.version = 1,
                                   .session = bytes_of("session"),
                                   .limits = bytes_of("limits"),
                                   .application = bytes_of("settings")});
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i / 8] ^= std::byte{1} << (i % 8);
    REQUIRE_FALSE(quic::decode_resumption(damaged));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(quic::decode_resumption(std::span(bytes).first(size)));
  }
  auto longer = bytes;
  longer.push_back(std::byte{});
  CHECK_FALSE(quic::decode_resumption(longer));
}

TEST_CASE("A client is not made of damaged bytes of an earlier connection") {
  Returning w;
  REQUIRE_FALSE(w.kept.empty());
  CHECK(w.refusal(std::span(w.kept).first(w.kept.size() / 2)).code == ErrorCode::denied);
  CHECK(w.refusal(bytes_of("nonsense")).code == ErrorCode::denied);

  auto good = quic::decode_resumption(w.kept);
  REQUIRE(good);
  auto other = *good;
  other.limits = bytes_of("no transport parameters");
  CHECK(w.refusal(quic::encode(other)).code == ErrorCode::denied);
  other = *good;
  other.application = bytes_of("of another application");
  CHECK(w.refusal(quic::encode(other)).code == ErrorCode::denied);
}

TEST_CASE("What is kept for another version, another name or no session is a full handshake") {
  Returning w;
  auto kept = quic::decode_resumption(w.kept);
  REQUIRE(kept);
  bool resumed = false;
  SECTION("as it is") { resumed = true; }
  SECTION("of another version") { kept->version = 0x6b3343cf; }
  SECTION("of another name") { w.client_config.server_name = "127.0.0.1"; }
  SECTION("of no session") { kept->session = bytes_of("not DER"); }
  w.client_config.resumption = quic::encode(*kept);
  ClientSide& client = w.connect();
  CHECK(client.quic->ready() == resumed);
  REQUIRE(w.ask(client, "second"));
  CHECK(client.app().answer().bytes == "second");
  CHECK(client.app().quic.security().resumed == resumed);
  CHECK(client.app().quic.security().early_data == resumed);
  CHECK_FALSE(client.app().quic.security().handshaking);
  CHECK(w.endpoint->counters().early_accepted == (resumed ? 1 : 0));
  CHECK(w.endpoint->counters().early_rejected == 0);
}

TEST_CASE("The server's application knows that a handshake goes on, and what a token proves") {
  Returning w;
  w.client_config.resumption = w.kept;
  const bool known = GENERATE(false, true);
  if (known) {
    ClientSide& first_visit = w.connect_from(w.client_address(50));
    REQUIRE(w.ask(first_visit, "hello"));
    w.keep_token(first_visit);
    REQUIRE(w.close(first_visit));
  }
  const int before = w.log.handshakes;
  ClientSide& client = w.connect_from(with_port(w.client_address(50), 50000));
  client.app().ask("early");
  REQUIRE(w.run_until([&] { return !w.log.alive.empty(); }));
  CHECK(client.app().quic.security().handshaking);
  const SecurityInfo& security = w.server_app().quic.security();
  CHECK(security.handshaking);
  CHECK(security.alpn == "h3");
  CHECK(security.server_name == "localhost");
  CHECK(security.address_proven == known);
  REQUIRE(w.run_until([&] { return w.log.handshakes == before + 1; }));
  CHECK(security.address_proven);
  CHECK_FALSE(security.handshaking);
  CHECK(security.early_data);
  CHECK(security.resumed);
}

TEST_CASE("An application that cannot begin again loses its connection with refused early data") {
  Returning w;
  w.start(endpoint_config());  // a server that takes none
  w.client_config.resumption = w.kept;
  ClientSide& client = w.connect();
  REQUIRE(client.quic->ready());
  client.app().ask("early");
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }));
  CHECK(client.quic->close_reason().code == ErrorCode::unavailable);
  CHECK(client.log.aborted == 1);
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }));
}

TEST_CASE("A ticket of a server without early data resumes after the handshake") {
  QuicWorld w;
  ClientSide& first = w.connect();
  REQUIRE(w.ask(first, "first"));
  w.world.run_for(1s);
  w.client_config.resumption = first.quic->resumption();
  REQUIRE_FALSE(w.client_config.resumption.empty());
  ClientSide& second = w.connect();
  CHECK_FALSE(second.quic->ready());
  REQUIRE(w.ask(second, "second"));
  CHECK(second.app().quic.security().resumed);
  CHECK_FALSE(second.app().quic.security().early_data);
}

}  // namespace troika::test
