#include "packets.h"
#include "proto/quic/stateless_replies.h"
#include "proto/quic/tokens.h"

namespace troika::test {
namespace {

// Clients that send their first packet and are silent ever after.
struct Silent {
  void begin(std::size_t count = 1) {
    for (; count > 0; --count) w.inject(beginning(w), stranger(next++));
  }
  QuicWorld& w;
  std::size_t next = 0;
};

using MakeToken = std::function<quic::Token(const Address& client, const ngtcp2_pkt_hd& first,
                                            const ngtcp2_cid& scid)>;

// Answers a client's first packet by a Retry with a token that the test has made, in place of the
// endpoint; what the client then sends goes there.
ClientSide& retry_with(QuicWorld& w, const MakeToken& make_token) {
  ClientSide& client = w.connect({.delay = Duration(0)});
  bool done = false;
  w.port.receiver = [&](const Datagram& datagram) {
    if (std::exchange(done, true)) return;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(datagram.bytes.data());
    ngtcp2_pkt_hd first;
    REQUIRE(ngtcp2_accept(&first, bytes, datagram.bytes.size()) == 0);
    const ngtcp2_cid scid = quic::random_id(w.world.random, quic::kOwnIdBytes);
    const quic::Token token = make_token(datagram.remote, first, scid);
    std::array<std::uint8_t, 1200> retry;
    const auto size =
        ngtcp2_crypto_write_retry(retry.data(), retry.size(), first.version, &first.scid, &scid,
                                  &first.dcid, token.view().data(), token.view().size());
    REQUIRE(size > 0);
    client.quic->receive(
        {.local = datagram.remote,
         .remote = datagram.local,
         .bytes = std::as_bytes(std::span(retry)).first(static_cast<std::size_t>(size))},
        w.world.clock.now());
  };
  // Its first flight comes, and is gone, before what it answers to the Retry is sent.
  client.quic->flush(w.world.clock.now());
  w.world.net.deliver();
  REQUIRE(done);
  w.world.join(w.port, *w.endpoint);
  return client;
}

MakeToken retry_token(const quic::Tokens& by) {
  return std::bind_front(&quic::Tokens::for_retry, &by);
}

TEST_CASE("Retry begins when the handshakes in flight have reached the threshold") {
  QuicWorld w(1, with_retry(4));
  Silent silent{w};
  silent.begin(4);
  CHECK(w.endpoint->counters().retries_sent == 0);
  CHECK(w.endpoint->objects() == 4);
  silent.begin();
  CHECK(w.endpoint->counters().retries_sent == 1);
  CHECK(w.endpoint->objects() == 4);
  ClientSide& client = w.connect_and_establish();
  CHECK(w.endpoint->counters().tokens_accepted >= 1);
  CHECK(w.endpoint->counters().tokens_refused == 0);
  CHECK(within_limit(w));
  REQUIRE(w.download(client, 50000));
}

TEST_CASE("Retry goes on at half the threshold and ends below it") {
  QuicWorld w(1, with_retry(4));
  Silent silent{w};
  silent.begin(2);
  w.world.run_for(2s);
  silent.begin();
  w.world.run_for(2s);
  silent.begin(2);  // the last is sent a Retry
  REQUIRE(w.endpoint->counters().retries_sent == 1);
  w.world.run_for(17s);  // the first two have timed out
  REQUIRE(w.endpoint->objects() == 2);
  silent.begin();
  CHECK(w.endpoint->counters().retries_sent == 2);
  w.world.run_for(2s);
  REQUIRE(w.endpoint->objects() == 1);
  silent.begin();
  CHECK(w.endpoint->counters().retries_sent == 2);
  CHECK(w.endpoint->objects() == 2);
}

TEST_CASE("Handshakes that complete do not bring Retry on") {
  QuicWorld w(1, with_retry(1));
  for (int i = 0; i < 5; ++i) REQUIRE(w.establish(w.connect()));
  CHECK(w.endpoint->counters().retries_sent == 0);
}

TEST_CASE("Retry begins when places become few, whatever its threshold") {
  auto config = with_retry(100);
  config.half_open = 8;  // two are for known clients; a quarter of the six is left at five
  QuicWorld w(1, config);
  Silent silent{w};
  silent.begin(5);
  CHECK(w.endpoint->counters().retries_sent == 0);
  silent.begin();
  CHECK(w.endpoint->counters().retries_sent == 1);
  CHECK(w.endpoint->objects() == 5);
}

TEST_CASE("The id in a Retry brings the client back to the same worker") {
  QuicWorld w(1, of_worker(3, 7, with_retry(0)));
  ClientSide& client = w.connect();
  std::size_t with_token = 0;
  w.port.receiver = [&](const Datagram& datagram) {
    ngtcp2_pkt_hd head;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(datagram.bytes.data());
    if (ngtcp2_accept(&head, bytes, datagram.bytes.size()) == 0 && head.tokenlen != 0) {
      ++with_token;
      CHECK(head.dcid.data[0] % 7 == 3);
    }
    w.endpoint->receive(datagram, w.world.clock.now());
  };
  REQUIRE(w.establish(client));
  CHECK(with_token > 0);
}

TEST_CASE("A Retry is smaller than what it answers, and few wait") {
  QuicWorld w(1, with_retry(0));
  const Bytes packet = beginning(w);
  Catcher catcher(w, stranger());
  for (std::size_t i = 0; i < quic::StatelessReplies::kMostWaiting + 1; ++i) {
    w.endpoint->receive({.local = w.port.address(), .remote = stranger(), .bytes = packet},
                        w.world.clock.now());
  }
  CHECK(w.endpoint->counters().retries_sent == quic::StatelessReplies::kMostWaiting);
  CHECK(w.endpoint->counters().datagrams_dropped == 1);
  w.flush();
  w.world.run_for(1ms);
  REQUIRE(catcher.caught.size() == quic::StatelessReplies::kMostWaiting);
  for (const Bytes& answer : catcher.caught) {
    CHECK((answer[0] & std::byte{0xf0}) == std::byte{0xf0});
    CHECK(answer.size() < 200);
  }
  CHECK(w.endpoint->objects() == 0);
}

TEST_CASE("A client that has got the Retry may be sent more than three times its bytes") {
  auto config = with_retry(0);
  config.handshake_timeout = config.idle_timeout = 10min;
  QuicWorld w(1, config);
  ClientSide& client = w.connect();
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 1; }));
  w.to_server(client).black_hole = true;
  w.world.run_for(11min);
  CHECK_FALSE(within_limit(w));
  CHECK(w.endpoint->objects() == 0);
}

TEST_CASE("The token of a Retry gets a client in, with Retry on as well as off") {
  for (const std::size_t above : {std::size_t{0}, std::size_t{100}}) {
    QuicWorld w(1, with_retry(above));
    const quic::Tokens tokens(endpoint_config(), w.world.clock);
    REQUIRE(w.establish(retry_with(w, retry_token(tokens))));
    CHECK(w.endpoint->counters().retries_sent == 0);
    CHECK(w.endpoint->counters().tokens_accepted >= 1);
  }
}

TEST_CASE("A Retry's token of another address or out of time ends the attempt at once") {
  for (const bool on : {false, true}) {
    QuicWorld w(1, with_retry(on ? 0 : 100));
    const sim::SimClock old;
    w.world.run_for(20s);
    const quic::Tokens tokens(endpoint_config(), w.world.clock), earlier(endpoint_config(), old);
    const auto refused = [&](const MakeToken& make_token) {
      const auto before = w.endpoint->counters();
      ClientSide& client = retry_with(w, make_token);
      CHECK_FALSE(w.establish(client, 1s));
      CHECK(client.quic->close_reason().code == ErrorCode::denied);
      CHECK(client.quic->close_reason().detail == "the peer refuses the token of its Retry");
      CHECK(w.endpoint->counters().tokens_refused > before.tokens_refused);
      CHECK(w.endpoint->objects() == 0);
      CHECK(within_limit(w));
    };
    refused([&](const auto& from, const auto& first, const auto& scid) {
      return tokens.for_retry(with_port(from, 1), first, scid);
    });
    refused(retry_token(earlier));
    CHECK(w.establish(retry_with(w, retry_token(tokens))));
  }
}

TEST_CASE("A token that cannot be read counts as none: the client meets Retry again") {
  QuicWorld w(1, with_retry(0));
  const auto other = endpoint_config([](auto& config) { config.secret[31] ^= std::byte{1}; });
  const quic::Tokens strange(other, w.world.clock);
  ClientSide& client = retry_with(w, retry_token(strange));
  CHECK_FALSE(w.establish(client, 15s));  // it takes one Retry only (RFC 9000 §17.2.5.2)
  CHECK(client.quic->close_reason().code == ErrorCode::timeout);
  CHECK(w.endpoint->counters().tokens_refused > 0);
  CHECK(w.endpoint->counters().tokens_accepted == 0);
  CHECK(w.endpoint->counters().retries_sent > 0);
  CHECK(w.endpoint->counters().accepted == 0);
  CHECK(within_limit(w));
}

TEST_CASE("An Initial whose id is too short for a first one needs the token of a Retry") {
  QuicWorld w(1, with_retry(100));
  Bytes packet = long_header(1, Bytes(7, std::byte{1}), Bytes(5, std::byte{2}), 1200);
  packet[19] = std::byte{3};  // the token's size; its bytes are zeros
  packet[23] = std::byte{0x44};
  packet[24] = std::byte{0x80};
  w.inject(packet, stranger());
  CHECK(w.endpoint->counters().tokens_refused == 1);
  CHECK(w.endpoint->counters().accepted == 0);
  CHECK(w.endpoint->objects() == 0);
}

TEST_CASE("With Retry every client gets through a network that loses a fifth of the packets") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto config = with_retry(0);
    config.handshake_timeout = 60s;
    QuicWorld w(seed, config);
    w.client_config.handshake_timeout = 60s;
    ClientSide& client = w.connect({.loss = 0.2});
    INFO("seed " << seed);
    REQUIRE(w.establish(client, 120s));
    CHECK(w.endpoint->counters().retries_sent >= 1);
    CHECK(within_limit(w));
    REQUIRE(w.ask(client, "send 20000"));
  }
}

}  // namespace
}  // namespace troika::test
