#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <vector>

#include "loop/udp_socket.h"
#include "unit/loop/inject.h"
#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

// Two sockets, one of which sends a burst of three segments.
struct Rig {
  Rig()
      : to(
            loop, UdpSocket::bind(loopback(), {}).value(),
            [this](const Datagram& d, TimePoint) {
              received.insert(received.end(), d.bytes.begin(), d.bytes.end());
            },
            [] {}),
        from(
            loop, UdpSocket::bind(loopback(), {}).value(), [](const Datagram&, TimePoint) {},
            [this] { ++writables; }) {
    for (std::size_t i = 0; i < burst.size(); ++i) burst[i] = static_cast<std::byte>(i / 13);
  }

  SendOutcome send() {
    return from.send({.local = {}, .remote = to.local(), .bytes = burst, .segment_bytes = 1000});
  }
  bool arrived() {
    return run_until(loop, [&] { return received.size() >= burst.size(); }) && received == burst;
  }

  Loop loop;
  inject::Guard inject;
  std::vector<std::byte> burst = std::vector<std::byte>(2500);
  std::vector<std::byte> received;
  int writables = 0;
  UdpSocket to, from;
};

TEST_CASE("A full kernel buffer blocks the socket, and on_writable comes once") {
  Rig rig;
  rig.inject->sendmsg = {EAGAIN};
  CHECK(rig.send() == SendOutcome::blocked);
  CHECK(rig.send() == SendOutcome::blocked);  // without asking the kernel
  CHECK(rig.writables == 0);
  CHECK(run_until(rig.loop, [&] { return rig.writables == 1; }));
  CHECK(rig.send() == SendOutcome::sent);
  CHECK(rig.arrived());
  run_for(rig.loop, std::chrono::milliseconds(5));
  CHECK(rig.writables == 1);
  CHECK(rig.from.counters().blocked == 1);
  CHECK(rig.from.gso());
}

TEST_CASE("Without GSO a burst that was blocked half-way goes on where it stopped") {
  Rig rig;
  rig.from.disable_gso();
  rig.inject->sendmsg = {0, EAGAIN};
  CHECK(rig.send() == SendOutcome::blocked);
  CHECK(run_until(rig.loop, [&] { return rig.writables == 1; }));
  CHECK(rig.send() == SendOutcome::sent);
  CHECK(rig.arrived());
  run_for(rig.loop, std::chrono::milliseconds(5));
  CHECK(rig.received.size() == rig.burst.size());  // no segment twice
  CHECK(rig.from.counters().sent == 3);
}

TEST_CASE("A device that cannot do GSO gets single segments from then on") {
  for (const int error : {EIO, EINVAL}) {
    Rig rig;
    rig.inject->sendmsg_gso = error;
    CHECK(rig.send() == SendOutcome::sent);
    CHECK(rig.arrived());
    CHECK_FALSE(rig.from.gso());
    CHECK(rig.from.counters().sent == 3);
    CHECK(rig.from.counters().lost == 0);
  }
}

TEST_CASE("Every other error of a send means that the packet is lost, and nothing more") {
  for (const int error :
       {EMSGSIZE, EPERM, ENOBUFS, ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENOMEM, EACCES}) {
    for (const bool gso : {true, false}) {
      Rig rig;
      if (!gso) rig.from.disable_gso();
      rig.inject->sendmsg = {error};
      CHECK(rig.send() == SendOutcome::sent);
      CHECK(rig.from.counters().lost == 1);
      CHECK(rig.from.counters().sent == 0);
      CHECK(rig.from.gso() == gso);
      CHECK(rig.send() == SendOutcome::sent);
      CHECK(rig.arrived());
    }
  }
}

TEST_CASE("A send that a signal interrupts is made again") {
  Rig rig;
  rig.inject->sendmsg = {EINTR, EINTR};
  CHECK(rig.send() == SendOutcome::sent);
  CHECK(rig.arrived());
  CHECK(rig.from.counters().lost == 0);
}

}  // namespace
}  // namespace troika
