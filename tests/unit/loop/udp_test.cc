#include <netinet/udp.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "loop/udp_socket.h"
#include "os/bind.h"
#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

struct Got {
  Address local, remote;
  Ecn ecn;
  std::size_t segment;
  std::vector<std::byte> bytes;
};

// One end: keeps all that it gets.
struct End {
  End(Loop& loop, const Address& address, UdpSocket::Options options = {}, std::size_t wake = 64)
      : socket(
            loop, UdpSocket::bind(address, options).value(),
            [this](const Datagram& d, TimePoint) {
              got.push_back(
                  {d.local, d.remote, d.ecn, d.segment_bytes, {d.bytes.begin(), d.bytes.end()}});
              total += d.bytes.size();
            },
            [this] { ++writables; }, wake) {}

  std::vector<Got> got;
  std::size_t total = 0;
  int writables = 0;
  UdpSocket socket;
};

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 / 7);
  return bytes;
}

// The datagrams of what arrived, GRO undone, must be what was sent, segment by segment.
void check_segments(const std::vector<Got>& got, std::span<const std::byte> sent,
                    std::size_t segment) {
  std::size_t offset = 0;
  for (const Got& g : got) {
    const std::size_t step = g.segment == 0 ? g.bytes.size() : g.segment;
    for (std::size_t at = 0; at < g.bytes.size(); at += step) {
      const std::size_t size = std::min(step, g.bytes.size() - at);
      REQUIRE(offset + size <= sent.size());
      CHECK(size == std::min(segment, sent.size() - offset));
      CHECK(std::memcmp(g.bytes.data() + at, sent.data() + offset, size) == 0);
      offset += size;
    }
  }
  CHECK(offset == sent.size());
}

TEST_CASE("A GSO burst arrives through GRO as the segments do without GSO: size, ECN, addresses") {
  const bool gso = GENERATE(true, false);
  const int family = GENERATE(AF_INET, AF_INET6);
  CAPTURE(gso, family);
  Loop loop;
  End a(loop, loopback(family)), b(loop, loopback(family));
  if (!gso) a.socket.disable_gso();
  constexpr std::size_t kSegment = 1350;
  const auto bytes = pattern(kSegment * 20 + 77);
  for (const Ecn ecn : {Ecn::not_ect, Ecn::ect0, Ecn::ect1, Ecn::ce}) {
    b.got.clear();
    b.total = 0;
    CHECK(a.socket.send({.local = a.socket.local(),
                         .remote = b.socket.local(),
                         .ecn = ecn,
                         .bytes = bytes,
                         .segment_bytes = kSegment}) == SendOutcome::sent);
    CHECK(run_until(loop, [&] { return b.total == bytes.size(); }));
    check_segments(b.got, bytes, kSegment);
    for (const Got& g : b.got) {
      CHECK(g.ecn == ecn);
      CHECK(g.local == b.socket.local());
      CHECK(g.remote == a.socket.local());
    }
    if (gso) CHECK(b.got.size() < 21);  // GRO put some together
  }
  CHECK(a.socket.gso() == gso);
  CHECK(a.socket.counters().sent == 4 * 21);
  CHECK(b.socket.counters().received == 4 * 21);
  CHECK(a.socket.counters().lost == 0);
}

TEST_CASE("A wildcard socket says which address a datagram came to, and answers from there") {
  Loop loop;
  End server(loop, Address::v4(0, 0));
  End client(loop, loopback());
  const Address second = Address::v4(0x7f000002, server.socket.local().port());
  const auto hello = pattern(10);
  client.socket.send({.local = {}, .remote = second, .bytes = hello});
  CHECK(run_until(loop, [&] { return server.got.size() == 1; }));
  CHECK(server.got[0].local == second);
  server.socket.send(
      {.local = server.got[0].local, .remote = server.got[0].remote, .bytes = hello});
  CHECK(run_until(loop, [&] { return client.got.size() == 1; }));
  CHECK(client.got[0].remote == second);
}

TEST_CASE("ECN goes out also when the local address is left to the kernel") {
  for (const int family : {AF_INET, AF_INET6}) {
    Loop loop;
    End a(loop, loopback(family)), b(loop, loopback(family));
    a.socket.send({.local = {}, .remote = b.socket.local(), .ecn = Ecn::ect0, .bytes = pattern(5)});
    CHECK(run_until(loop, [&] { return b.got.size() == 1; }));
    CHECK(b.got[0].ecn == Ecn::ect0);
  }
}

TEST_CASE("A wake takes at most the agreed number of datagrams") {
  Loop loop;
  End server(loop, loopback(), {}, 20);
  End client(loop, loopback());
  const auto byte = pattern(1);
  for (int i = 0; i < 21; ++i)
    client.socket.send({.local = {}, .remote = server.socket.local(), .bytes = byte});
  std::vector<std::size_t> each;
  loop.set_flush([&](TimePoint) {
    if (!server.got.empty()) each.push_back(server.got.size());
    return false;
  });
  CHECK(run_until(loop, [&] { return server.got.size() == 21; }));
  REQUIRE(each.size() >= 1);
  CHECK(each[0] == 20);
}

TEST_CASE("An empty datagram is dropped") {
  Loop loop;
  End server(loop, loopback());
  End client(loop, loopback());
  client.socket.send({.local = {}, .remote = server.socket.local(), .bytes = {}});
  client.socket.send({.local = {}, .remote = server.socket.local(), .bytes = pattern(3)});
  CHECK(run_until(loop, [&] { return !server.got.empty(); }));
  CHECK(server.got[0].bytes.size() == 3);
  CHECK(server.socket.counters().received == 2);
}

TEST_CASE("What the kernel refuses is lost and not an error") {
  Loop loop;
  End client(loop, loopback());
  const auto big = pattern(65508);  // one more than a datagram can hold: EMSGSIZE
  CHECK(client.socket.send({.local = {}, .remote = client.socket.local(), .bytes = big}) ==
        SendOutcome::sent);
  CHECK(client.socket.counters().lost == 1);
  const auto fits = pattern(65507);
  CHECK(client.socket.send({.local = {}, .remote = client.socket.local(), .bytes = fits}) ==
        SendOutcome::sent);
  CHECK(client.socket.counters().lost == 1);
  // Nobody is there: what ICMP says to the first must not disturb the second.
  Address nobody = loopback();
  nobody.set_port(free_port({&nobody, 1}).value());
  for (int i = 0; i < 2; ++i) {
    CHECK(client.socket.send({.local = {}, .remote = nobody, .bytes = pattern(9)}) ==
          SendOutcome::sent);
  }
  CHECK(run_until(loop, [&] { return client.got.size() == 1; }));
  CHECK(client.got[0].bytes == fits);
}

TEST_CASE("A burst to an address that cannot be sent to does not turn GSO off") {
  Loop loop;
  End client(loop, loopback());
  Address port_zero = loopback();
  CHECK(client.socket.send(
            {.local = {}, .remote = port_zero, .bytes = pattern(3000), .segment_bytes = 1000}) ==
        SendOutcome::sent);
  CHECK(client.socket.counters().lost == 1);
  CHECK(client.socket.gso());
}

TEST_CASE(
    "A burst of more segments than the kernel takes at once arrives whole, and GSO stays on") {
  Loop loop;
  End a(loop, loopback()), b(loop, loopback());
  const auto bytes = pattern(100 * 65);
  CHECK(a.socket.send(
            {.local = {}, .remote = b.socket.local(), .bytes = bytes, .segment_bytes = 100}) ==
        SendOutcome::sent);
  CHECK(run_until(loop, [&] { return b.total == bytes.size(); }));
  check_segments(b.got, bytes, 100);
  CHECK(a.socket.gso());
}

TEST_CASE("The buffers that the kernel gave are reported") {
  Loop loop;
  End small(loop, loopback(), {.buffer_bytes = 16384});
  CHECK(small.socket.receive_buffer() == 16384);
  CHECK(small.socket.send_buffer() == 16384);
  End big(loop, loopback(), {.buffer_bytes = 4 << 20});
  CHECK(big.socket.receive_buffer() >= 100'000);
  CHECK(big.socket.receive_buffer() <= 4 << 20);
}

TEST_CASE("Datagrams are steered by the first byte of their connection id") {
  constexpr unsigned kWorkers = 3;
  for (const int family : {AF_INET, AF_INET6}) {
    Loop loop;
    std::vector<std::unique_ptr<End>> workers;
    Address address = loopback(family);
    for (unsigned i = 0; i < kWorkers; ++i) {
      workers.push_back(
          std::make_unique<End>(loop, address, UdpSocket::Options{.reuse_port = true}));
      address = workers.front()->socket.local();
    }
    // A member's own descriptor is the socket's business, so the group is reached through a fourth.
    const Fd last = UdpSocket::bind(address, {.reuse_port = true}).value();
    REQUIRE(steer_by_connection_id(last.get(), kWorkers));
    End client(loop, loopback(family));
    for (unsigned id = 0; id < 256; ++id) {
      std::vector<std::byte> packet(20, std::byte{0xff});
      const bool long_header = id % 2 == 0;
      packet[0] = long_header ? std::byte{0xc3} : std::byte{0x43};
      packet[long_header ? 6 : 1] = static_cast<std::byte>(id);
      client.socket.send({.local = {}, .remote = address, .bytes = packet});
    }
    const auto total = [&] {
      std::size_t n = 0;
      for (const auto& worker : workers) n += worker->got.size();
      return n;
    };
    CHECK(run_until(loop, [&] { return total() == 256; }));
    for (unsigned i = 0; i < kWorkers; ++i) {
      for (const Got& g : workers[i]->got) {
        const bool long_header = (g.bytes[0] & std::byte{0x80}) != std::byte{0};
        CHECK(std::to_integer<unsigned>(g.bytes[long_header ? 6 : 1]) % kWorkers == i);
      }
    }
  }
}

}  // namespace
}  // namespace troika
