// The network's own watch over RFC 9000 §8.1, at n and n + 1.
#include <catch2/catch_test_macros.hpp>

#include "support/sim_h3.h"

using namespace troika;
using namespace troika::test;

namespace {

using Bytes = std::vector<std::byte>;

const Address kServer = Address::v4(0x0a000001, 443);
const Address kClient = Address::v4(0x0a000002, 50000);

// A long header packet without anything in it but its length.
Bytes packet(std::uint32_t version, unsigned type, std::size_t body = 20) {
  Bytes bytes{std::byte(0xc0U | type << 4U)};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes.push_back(std::byte(version >> shift));
  bytes.push_back(std::byte{8});
  bytes.resize(bytes.size() + 8, std::byte{1});
  bytes.push_back(std::byte{5});
  bytes.resize(bytes.size() + 5, std::byte{2});
  if (type == (version == 1 ? 0U : 1U)) bytes.push_back(std::byte{0});  // no token
  bytes.push_back(std::byte{0x40});
  bytes.push_back(std::byte(body));
  bytes.resize(bytes.size() + body);
  return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Pair {
  sim::SimWorld world{1};
  sim::SimNetwork::Port& server = world.net.open(kServer);
  sim::SimNetwork::Port& client = world.net.open(kClient);
  Pair() { world.net.watch(kServer); }

  void send(sim::SimNetwork::Port& from, const Address& to, const Bytes& bytes,
            std::size_t segment = 0) {
    from.send({.local = from.address(), .remote = to, .bytes = bytes, .segment_bytes = segment});
    world.run_for(std::chrono::seconds(1));
  }
  std::uint64_t exceeded() const { return world.net.amplification().exceeded(); }
};

}  // namespace

TEST_CASE("The watch lets three times the bytes pass, and not one more") {
  Pair pair;
  pair.send(pair.client, kServer, Bytes(100, std::byte{0xff}));  // of no version
  pair.send(pair.server, kClient, Bytes(300), 100);
  CHECK(pair.exceeded() == 0);
  CHECK(pair.world.net.amplification().most_percent() == 300);
  pair.send(pair.server, kClient, Bytes(1));
  CHECK(pair.exceeded() == 1);
}

TEST_CASE("What is lost counts for the sender and not for the receiver") {
  Pair pair;
  pair.send(pair.client, kServer, packet(1, 0));
  pair.world.net.link(kClient, kServer).loss = pair.world.net.link(kServer, kClient).loss = 1;
  pair.send(pair.client, kServer, Bytes(1000));
  pair.send(pair.server, kClient, Bytes(1000));
  CHECK(pair.exceeded() == 1);
}

TEST_CASE(
    "A Handshake or 1-RTT packet that arrives whole proves the address, an Initial does not") {
  constexpr std::uint32_t kVersion2 = 0x6b3343cf;
  const Bytes initial = packet(1, 0), initial2 = packet(kVersion2, 1);
  const Bytes handshake = packet(1, 2), handshake2 = packet(kVersion2, 3);
  CHECK(sim::proves_address(handshake));
  CHECK(sim::proves_address(handshake2));
  CHECK(sim::proves_address(initial + handshake));
  CHECK(sim::proves_address(initial2 + handshake2));
  CHECK(sim::proves_address(initial + Bytes(30, std::byte{0x40})));
  CHECK_FALSE(sim::proves_address(initial));
  CHECK_FALSE(sim::proves_address(initial2));
  CHECK_FALSE(sim::proves_address(packet(1, 1)));
  CHECK_FALSE(sim::proves_address(packet(kVersion2, 2)));
  CHECK_FALSE(sim::proves_address(Bytes(handshake.begin(), handshake.begin() + 3)));

  for (const bool whole : {true, false}) {
    Pair pair;
    pair.world.net.link(kClient, kServer).corrupt = whole ? 0 : 1;
    pair.send(pair.client, kServer, handshake);
    pair.send(pair.server, kClient, Bytes(1000));
    CHECK(pair.exceeded() == (whole ? 0 : 1));
  }
}

TEST_CASE("A server whose client falls silent goes to the limit and not beyond") {
  SimH3 sim(6);
  sim.world.net.watch(sim.server_port.address());
  sim.world.net.link(sim.server_port.address(), sim.client_port.address()).black_hole = true;
  CHECK_FALSE(sim.handshake());
  CHECK(sim.world.net.amplification().exceeded() == 0);
  CHECK(sim.world.net.amplification().most_percent() > 100);
  CHECK(sim.close().empty());
}
