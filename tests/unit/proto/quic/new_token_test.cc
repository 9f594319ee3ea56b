#include "packets.h"
#include "proto/quic/tokens.h"

namespace troika::test {
namespace {

const Address kHome = Address::v4(0x0a000500, 40000);

// Visits and keeps the token that it gets, for the next.
void visit(QuicWorld& w) {
  ClientSide& client = w.connect_from(kHome);
  REQUIRE(w.establish(client));
  w.keep_token(client);
  REQUIRE(w.close(client));
}

// Whether a client with the token is sent a Retry before it gets in.
bool is_retried(QuicWorld& w, const Address& from) {
  const auto before = w.endpoint->counters().retries_sent;
  ClientSide& client = w.connect_from(from);
  REQUIRE(w.establish(client));
  const bool retried = w.endpoint->counters().retries_sent != before;
  if (retried) CHECK(within_limit(w));
  return retried;
}

TEST_CASE("A client gets a token for its next visit, which spares it the Retry") {
  QuicWorld w(1, with_retry(0));
  visit(w);
  CHECK_FALSE(is_retried(w, with_port(kHome, 40001)));
  CHECK(w.endpoint->counters().tokens_refused == 0);
  w.client_config.token.clear();
  CHECK(is_retried(w, with_port(kHome, 40002)));
}

TEST_CASE("A NEW_TOKEN token of another address, or a damaged one, counts as none") {
  QuicWorld w(1, with_retry(0));
  visit(w);
  CHECK(is_retried(w, Address::v4(0x0a000501, 40000)));
  CHECK(w.endpoint->counters().tokens_refused >= 1);
  w.client_config.token.back() ^= std::byte{1};
  CHECK(is_retried(w, with_port(kHome, 41000)));
  w.client_config.token.back() ^= std::byte{1};
  CHECK_FALSE(is_retried(w, with_port(kHome, 41001)));
}

TEST_CASE("A bad token does no harm while there is no Retry") {
  QuicWorld w;
  w.client_config.token.assign(57, std::byte{0x36});
  CHECK_FALSE(is_retried(w, kHome));
  CHECK(w.endpoint->counters().tokens_refused >= 1);
  CHECK(w.endpoint->counters().tokens_accepted == 0);
}

TEST_CASE("A NEW_TOKEN token lifts the limit of three times the bytes") {
  const auto sent_to_silent = [](bool with_token) {
    QuicWorld w;
    if (with_token) visit(w);
    ClientSide& client = w.connect_from(with_port(kHome, 40001));
    REQUIRE(w.run_until([&] { return w.endpoint->objects() == 1; }));
    w.to_server(client).black_hole = true;
    w.world.run_for(15s);
    std::size_t in = 0, out = 0;
    for (const sim::Sent& each : w.world.net.log()) {
      if (each.from == client.port->address() && each.arrived()) in += each.bytes;
      if (each.to == client.port->address()) out += each.bytes;
    }
    return std::pair(in, out);
  };
  const auto [limited_in, limited_out] = sent_to_silent(false);
  CHECK(limited_out <= 3 * limited_in);
  const auto [in, out] = sent_to_silent(true);
  CHECK(out > 3 * in);
}

TEST_CASE("A client that has moved gets a token for the address where it is now") {
  QuicWorld w;
  ClientSide& client = w.connect_and_establish();
  w.keep_token(client);
  const auto first = w.client_config.token;
  const Address outside = Address::v4(0x0a000900, 50000);
  w.world.net.rebind(client.port->address(), outside);
  REQUIRE(w.ask(client, "send 20000"));
  REQUIRE(w.run_until([&] { return !std::ranges::equal(client.quic->token(), first); }));
  const auto token = client.quic->token();
  ngtcp2_pkt_hd head{};
  head.version = NGTCP2_PROTO_VER_V1;
  head.token = reinterpret_cast<const std::uint8_t*>(token.data());
  head.tokenlen = token.size();
  const quic::Tokens tokens(endpoint_config(), w.world.clock);
  CHECK(tokens.check(outside, head).verdict == quic::TokenCheck::Verdict::new_token);
  CHECK(tokens.check(client.port->address(), head).verdict == quic::TokenCheck::Verdict::none);
}

}  // namespace
}  // namespace troika::test
