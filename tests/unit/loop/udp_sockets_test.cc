#include "loop/udp_socket.h"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>

#include "os/bind.h"
#include "unit/loop/inject.h"
#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

using Bytes = std::vector<std::byte>;

struct Got {
  Address local, remote;
  Bytes bytes;
};

UdpSocket::OnDatagram keep(std::vector<Got>& got) {
  return [&got](const Datagram& d, TimePoint) {
    got.push_back({d.local, d.remote, {d.bytes.begin(), d.bytes.end()}});
  };
}

Address v4(std::uint32_t last, std::uint16_t port) { return Address::v4(0x7f000000 + last, port); }

// A client, and a server of as many sockets as there are addresses; all of one port.
struct Rig {
  explicit Rig(std::vector<Address> addresses)
      : client(loop, UdpSocket::bind(v4(1, 0), {}).value(), keep(answers), [] {}) {
    std::vector<Fd> sockets;
    for (Address& address : addresses) {
      address.set_port(port);
      // Shared, as the wildcard has the others' address, too.
      sockets.push_back(UdpSocket::bind(address, {.reuse_port = true}).value());
      if (port == 0) port = bound_address(sockets.back().get()).port();
    }
    server =
        std::make_unique<UdpSockets>(loop, std::move(sockets), keep(got), [this] { ++writables; });
  }

  // Where the answer from `local` seems to come from.
  Address answer_from(const Address& local) {
    answers.clear();
    CHECK(server->send({.local = local, .remote = client.local(), .bytes = hello}) ==
          SendOutcome::sent);
    REQUIRE(run_until(loop, [&] { return answers.size() == 1; }));
    return answers[0].remote;
  }

  Loop loop;
  std::uint16_t port = 0;
  Bytes hello = Bytes(10, std::byte{7});
  std::vector<Got> got, answers;
  int writables = 0;
  UdpSocket client;
  std::unique_ptr<UdpSockets> server;
};

TEST_CASE("What comes to any socket of a set is told with its address, and answered from there") {
  Rig rig({v4(2, 0), v4(3, 0)});
  for (const std::uint32_t last : {2U, 3U}) {
    const Address address = v4(last, rig.port);
    rig.client.send({.local = {}, .remote = address, .bytes = rig.hello});
    REQUIRE(run_until(rig.loop, [&] { return !rig.got.empty(); }));
    CHECK(rig.got[0].local == address);
    CHECK(rig.got[0].remote == rig.client.local());
    CHECK(rig.answer_from(address) == address);
    rig.got.clear();
  }
}

TEST_CASE("An address without a socket of its own goes out through that of all addresses") {
  Rig rig({v4(2, 0), Address::v4(0, 0)});
  CHECK(rig.answer_from(v4(3, rig.port)) == v4(3, rig.port));
  CHECK(rig.answer_from(v4(2, rig.port)) == v4(2, rig.port));
}

TEST_CASE("An address of its own comes before all addresses, in whatever order they were bound") {
  for (const bool wildcard_first : {true, false}) {
    Rig rig(wildcard_first ? std::vector{Address::v4(0, 0), v4(2, 0)}
                           : std::vector{v4(2, 0), Address::v4(0, 0)});
    const inject::Guard inject;
    inject->sendmsg = {EAGAIN};
    const Datagram held{.local = v4(2, rig.port), .remote = rig.client.local(), .bytes = rig.hello};
    REQUIRE(rig.server->send(held) == SendOutcome::blocked);
    // Only the socket that was full refuses without asking the kernel.
    CHECK(rig.answer_from(v4(3, rig.port)) == v4(3, rig.port));
  }
}

TEST_CASE("What no socket of a set has the address of is lost and blocks nobody") {
  Rig rig({v4(2, 0), Address::parse("[::]:0").value()});
  Rig all({Address::v4(0, 0)});
  const auto before = static_cast<std::uint16_t>(rig.port - 1);
  for (const auto& [server, nobody] : {std::pair(&rig, v4(3, rig.port)),
                                       {&rig, v4(2, before)},
                                       {&all, v4(2, static_cast<std::uint16_t>(all.port - 1))}}) {
    const Datagram datagram{
        .local = nobody, .remote = server->client.local(), .bytes = server->hello};
    CHECK(server->server->send(datagram) == SendOutcome::sent);
  }
  CHECK(rig.answer_from(v4(2, rig.port)) == v4(2, rig.port));
  CHECK(all.answer_from(v4(2, all.port)) == v4(2, all.port));
}

TEST_CASE("The socket of a set that was full says when it takes datagrams again") {
  Rig rig({v4(2, 0), v4(3, 0)});
  const inject::Guard inject;
  inject->sendmsg = {EAGAIN};
  const Datagram held{.local = v4(3, rig.port), .remote = rig.client.local(), .bytes = rig.hello};
  CHECK(rig.server->send(held) == SendOutcome::blocked);
  CHECK(rig.writables == 0);
  CHECK(run_until(rig.loop, [&] { return rig.writables == 1; }));
  CHECK(rig.server->send(held) == SendOutcome::sent);
  REQUIRE(run_until(rig.loop, [&] { return rig.answers.size() == 1; }));
  CHECK(rig.answers[0].remote == v4(3, rig.port));
  run_for(rig.loop, std::chrono::milliseconds(5));
  CHECK(rig.writables == 1);
}

}  // namespace
}  // namespace troika
