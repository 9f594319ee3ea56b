// The relay on real sockets of one loop, without QUIC.
#include "tools/relay/relay.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "support/live_server.h"

using namespace troika;
using namespace troika::relay;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

const Address kLoopback = Address::v4(INADDR_LOOPBACK, 0);

// A socket that keeps what it gets and can send it back.
struct Peer {
  explicit Peer(Loop& loop, bool echo = false)
      : socket(
            loop, must(UdpSocket::bind(kLoopback, {})),
            [this, echo](const Datagram& datagram, TimePoint) {
              const std::size_t size = datagram.bytes.size();
              const std::size_t segment =
                  datagram.segment_bytes == 0 ? size : datagram.segment_bytes;
              for (std::size_t at = 0; at < size; at += segment) {
                const auto one = datagram.bytes.subspan(at, std::min(segment, size - at));
                got.emplace_back(one.begin(), one.end());
              }
              from.insert(datagram.remote.text());
              last_ecn = datagram.ecn;
              if (!echo) return;
              Datagram answer = datagram;
              answer.local = {};
              std::ignore = socket.send(answer);
            },
            [] {}) {}

  void send(const Address& to, std::size_t bytes, std::size_t segment = 0, Ecn ecn = Ecn::not_ect) {
    const std::vector<std::byte> zeros(bytes);
    std::ignore = socket.send(
        {.local = {}, .remote = to, .ecn = ecn, .bytes = zeros, .segment_bytes = segment});
  }
  void send_long_header(const Address& to) {
    const std::vector<std::byte> ones(10, std::byte{0xff});
    std::ignore = socket.send({.local = {}, .remote = to, .bytes = ones});
  }

  std::vector<std::vector<std::byte>> got;
  std::set<std::string> from;
  Ecn last_ecn = Ecn::not_ect;
  UdpSocket socket;
};

struct Wires {
  explicit Wires(Options options, Trace trace = {}) {
    options.listen = kLoopback;
    options.to = server.socket.local();
    relay = must(Relay::make(loop, options, std::move(trace)));
  }
  void until_server_has(std::size_t count) {
    REQUIRE(loop.run_until([&] { return server.got.size() >= count; }, 10s));
  }
  void settle() {
    loop.run_until([] { return false; }, 50ms);
  }

  Loop loop;
  Peer server{loop, true}, client{loop};
  std::unique_ptr<Relay> relay;
};

std::size_t changed_bytes(const std::vector<std::byte>& zeros) {
  return zeros.size() - static_cast<std::size_t>(std::ranges::count(zeros, std::byte{0}));
}

}  // namespace

TEST_CASE("datagrams go to the server and answers come back, with their ECN bits") {
  Wires wires({});
  wires.client.send(wires.relay->address(), 100, 0, Ecn::ect0);
  REQUIRE(wires.loop.run_until([&] { return wires.client.got.size() == 1; }, 10s));
  CHECK(wires.client.got[0].size() == 100);
  CHECK(wires.server.last_ecn == Ecn::ect0);
  CHECK(wires.client.last_ecn == Ecn::ect0);
  CHECK(wires.client.from == std::set{wires.relay->address().text()});
  CHECK(wires.relay->summary().up.sent == 1);
  CHECK(wires.relay->summary().down.sent == 1);
  CHECK(wires.relay->summary().clients == 1);
}

TEST_CASE("a burst that came in one piece is several datagrams, each with its own fate") {
  Options options;
  options.up.numbers = {{2, 2}, {4, 4}};
  Wires wires(options);
  wires.client.send(wires.relay->address(), 450, 100);
  wires.until_server_has(3);
  wires.settle();
  std::vector<std::size_t> sizes;
  for (const auto& datagram : wires.server.got) sizes.push_back(datagram.size());
  CHECK(sizes == std::vector<std::size_t>{100, 100, 50});
  CHECK(wires.relay->summary().up.received == 5);
  CHECK(wires.relay->summary().up.numbered == 2);
}

TEST_CASE("corruption changes exactly one byte, and duplicates arrive twice") {
  Options options;
  options.up.corrupt = options.up.duplicate = 1;
  Wires wires(options);
  for (int i = 0; i < 20; ++i) wires.client.send(wires.relay->address(), 60);
  wires.until_server_has(40);
  CHECK(std::ranges::all_of(wires.server.got, [](auto& d) { return changed_bytes(d) == 1; }));
  CHECK(wires.relay->summary().up.duplicated == 20);
  CHECK(wires.relay->summary().up.corrupted == 20);
  CHECK(wires.relay->summary().up.sent == 20);
}

TEST_CASE("a delay holds datagrams back") {
  Options options;
  options.up.delay = options.down.delay = 60ms;
  Wires wires(options);
  const TimePoint begin = wires.loop.clock().now();
  wires.client.send(wires.relay->address(), 10);
  REQUIRE(wires.loop.run_until([&] { return wires.client.got.size() == 1; }, 10s));
  CHECK(wires.loop.clock().now() - begin >= 120ms);
}

TEST_CASE("a client gets a new port and a new address when it is time, and answers find it") {
  Options options;
  options.rebind_port = 20ms;
  options.rebind_address = {{100ms, must(Address::parse("127.0.0.2:0"))}};
  Wires wires(options);
  std::size_t sent = 0;
  const auto changed = [&] {
    if (wires.client.got.size() == sent) {
      wires.client.send(wires.relay->address(), 10);
      ++sent;
    }
    const Summary& summary = wires.relay->summary();
    return summary.port_changes >= 4 && summary.address_changes == 1 &&
           wires.server.from.size() > 5;
  };
  REQUIRE(wires.loop.run_until(changed, 10s));
  CHECK(std::ranges::any_of(wires.server.from,
                            [](const std::string& a) { return a.starts_with("127.0.0.2:"); }));
  CHECK(wires.relay->summary().clients == 1);
  CHECK(wires.relay->summary().failed_changes == 0);
}

TEST_CASE("a client stays where it is during its handshake, however long that takes") {
  Options options;
  options.rebind_port = 1ns;
  options.rebind_address = {{0s, must(Address::parse("127.0.0.2:0"))}};
  Wires wires(options);
  for (std::size_t i = 1; i <= 3; ++i) {
    wires.client.send_long_header(wires.relay->address());
    wires.until_server_has(i);
  }
  CHECK(wires.server.from.size() == 1);
  CHECK(wires.relay->summary().port_changes + wires.relay->summary().address_changes == 0);
  wires.client.send(wires.relay->address(), 10);
  wires.until_server_has(4);
  CHECK(wires.server.from.size() == 2);
}

TEST_CASE("an address that this machine does not have is told at the start") {
  Loop loop;
  Options options;
  options.listen = kLoopback;
  options.to = must(Address::parse("127.0.0.1:9"));
  options.rebind_address = {{1s, must(Address::parse("192.0.2.1:0"))}};
  const auto relay = Relay::make(loop, options);
  REQUIRE(!relay);
  CHECK(relay.error().starts_with("192.0.2.1 is not an address of this machine"));
}

TEST_CASE("clients are taken up to the limit, and those beyond get nothing") {
  Options options;
  options.max_clients = 2;
  Wires wires(options);
  Peer second(wires.loop), third(wires.loop);
  wires.client.send(wires.relay->address(), 10);
  second.send(wires.relay->address(), 10);
  wires.until_server_has(2);
  third.send(wires.relay->address(), 10);
  REQUIRE(wires.loop.run_until([&] { return wires.relay->summary().refused == 1; }, 10s));
  wires.settle();
  CHECK(wires.relay->summary().clients == 2);
  CHECK(second.got.size() == 1);
  CHECK(third.got.empty());
}

TEST_CASE("clients on a shared line count together, others each on its own") {
  for (const bool shared : {false, true}) {
    Options options;
    options.shared_line = shared;
    options.up.numbers.push_back({2, 2});  // the second datagram is lost
    Wires wires(options);
    Peer second{wires.loop};
    wires.client.send(wires.relay->address(), 10);
    wires.until_server_has(1);
    second.send(wires.relay->address(), 20);
    wires.settle();
    CHECK(wires.server.got.size() == (shared ? 1 : 2));
    CHECK(wires.relay->summary().up.numbered == (shared ? 1 : 0));
    CHECK(wires.relay->summary().clients == 2);
  }
}

TEST_CASE("what waits is bounded in number and in bytes") {
  Options options;
  options.up.delay = 1h;
  options.most_waiting = 3;
  options.most_waiting_bytes = 1000;
  const auto overflow = [&](std::size_t count, std::size_t bytes) {
    Wires wires(options);
    for (std::size_t i = 0; i < count; ++i) wires.client.send(wires.relay->address(), bytes);
    REQUIRE(wires.loop.run_until([&] { return wires.relay->summary().up.received == count; }, 10s));
    return wires.relay->summary().up.overflow;
  };
  CHECK(overflow(3, 10) == 0);
  CHECK(overflow(4, 10) == 1);
  CHECK(overflow(2, 500) == 0);
  CHECK(overflow(2, 501) == 1);
}

TEST_CASE("datagrams from others than the server do not reach the client") {
  Wires wires({});
  wires.client.send(wires.relay->address(), 10);
  wires.until_server_has(1);
  Peer stranger(wires.loop);
  stranger.send(must(Address::parse(*wires.server.from.begin())), 10);
  REQUIRE(wires.loop.run_until([&] { return wires.relay->summary().foreign == 1; }, 10s));
  wires.settle();
  CHECK(wires.client.got.size() == 1);
}

TEST_CASE("the trace has a line for each datagram, up to its limit") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "trace").string();
  {
    Options options;
    options.up.numbers = {{2, 2}};
    Wires wires(options, must(Trace::open(file, 3)));
    for (int i = 0; i < 3; ++i) wires.client.send(wires.relay->address(), 30);
    REQUIRE(wires.loop.run_until([&] { return wires.client.got.size() == 2; }, 10s));
  }
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE(lines.size() == 5);
  CHECK(lines[1].ends_with(" 1 up 30 short passed"));
  CHECK(std::ranges::count_if(lines, [](auto& l) { return l.ends_with("dropped-by-number"); }) ==
        1);
  CHECK(lines[4].starts_with("# the trace ends here"));
  CHECK(!Trace::open((folder.path() / "none" / "trace").string()));
}

TEST_CASE("packets are told by their first bytes, in both versions of QUIC") {
  const auto kind = [](std::initializer_list<int> bytes) {
    std::vector<std::byte> all;
    for (const int b : bytes) all.push_back(static_cast<std::byte>(b));
    return packet_class(all);
  };
  CHECK(kind({0x40}) == "short");
  CHECK(kind({0xc0, 0, 0, 0, 1}) == "initial");
  CHECK(kind({0xd0, 0, 0, 0, 1}) == "0-rtt");
  CHECK(kind({0xe0, 0, 0, 0, 1}) == "handshake");
  CHECK(kind({0xf0, 0, 0, 0, 1}) == "retry");
  CHECK(kind({0xd0, 0x6b, 0x33, 0x43, 0xcf}) == "initial");
  CHECK(kind({0xc0, 0x6b, 0x33, 0x43, 0xcf}) == "retry");
  CHECK(kind({0x80, 0, 0, 0, 0}) == "version-negotiation");
  CHECK(kind({0xc0, 1, 2, 3, 4}) == "long");
  CHECK(kind({0xc0, 0}) == "long");
}
