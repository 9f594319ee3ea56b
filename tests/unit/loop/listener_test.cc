#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "loop/tcp_listener.h"
#include "loop/udp_socket.h"
#include "os/bind.h"
#include "unit/loop/inject.h"
#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

// A listener that keeps what it accepts, and what it said of its pauses.
struct Server {
  Loop loop;
  std::deque<std::unique_ptr<TcpStream>> streams;
  std::vector<std::uint64_t> told;
  TcpListener listener{loop, TcpListener::bind(loopback(), {}).value(),
                       [this](std::unique_ptr<TcpStream> s) { streams.push_back(std::move(s)); },
                       [this](std::uint64_t pauses) { told.push_back(pauses); }};
};

// A client that no loop knows.
Fd connected(const Address& to) {
  Fd fd(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(fd.get(), to.get(), to.size()) == 0);
  return fd;
}

TEST_CASE("A listener accepts many connections in few turns") {
  Server server;
  auto& [loop, streams, told, listener] = server;
  std::vector<std::unique_ptr<TcpStream>> clients;
  for (int i = 0; i < 100; ++i)
    clients.push_back(TcpStream::connect(loop, listener.local()).value());
  CHECK(run_until(loop, [&] { return streams.size() == clients.size(); }));
  CHECK(listener.accepted() == clients.size());
  CHECK(listener.pauses() == 0);
}

TEST_CASE("Out of descriptors a listener pauses, says so once a second, and then goes on") {
  Server server;
  auto& [loop, streams, told, listener] = server;
  auto client = TcpStream::connect(loop, listener.local()).value();
  int turns = 0;
  loop.set_flush([&](TimePoint) {
    ++turns;
    return false;
  });
  // No assertion while it lives: the sanitizers need descriptors of their own for it.
  std::optional<NoDescriptors> none(std::in_place);
  const bool paused = run_until(loop, [&] { return listener.pauses() == 3; });
  none.reset();
  CHECK(paused);
  CHECK(streams.empty());
  CHECK(told == std::vector<std::uint64_t>{1});
  CHECK(turns < 50);  // no spinning on a socket that stays readable
  CHECK(run_until(loop, [&] { return streams.size() == 1; }));
  CHECK(listener.pauses() == 3);
}

TEST_CASE("A connection that epoll does not take is dropped, and the listener goes on later") {
  for (const int error : {ENOSPC, ENOMEM}) {
    CAPTURE(error);
    Server server;
    auto& [loop, streams, told, listener] = server;
    run_for(loop, std::chrono::milliseconds(1));  // its own registration is done
    inject::Guard calls;
    const Fd refused = connected(listener.local()), taken = connected(listener.local());
    calls->epoll_add = {error};
    CHECK(run_until(loop, [&] { return streams.size() == 1; }));
    CHECK(listener.pauses() == 1);
    CHECK(told == std::vector<std::uint64_t>{1});
    CHECK(listener.accepted() == 1);
    char byte = 0;
    CHECK(::recv(refused.get(), &byte, 1, MSG_DONTWAIT) == 0);  // closed
    CHECK(::recv(taken.get(), &byte, 1, MSG_DONTWAIT) == -1);   // open
  }
}

TEST_CASE("A connection to somebody that epoll does not take is an error, not the end") {
  Loop loop;
  const Fd listening = TcpListener::bind(loopback(), {}).value();
  inject::Guard calls;
  calls->epoll_add = {ENOSPC};
  const auto refused = TcpStream::connect(loop, bound_address(listening.get()));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(TcpStream::connect(loop, bound_address(listening.get())));
}

TEST_CASE("A loop that cannot be had is an exception with its reason") {
  inject::Guard calls;
  calls->epoll_add = {ENOSPC};
  try {
    const Loop loop;
    FAIL("it was had");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::no_space_on_device);
  }
}

TEST_CASE("A port that is taken is found before a SO_REUSEPORT group would hide it") {
  const Fd tcp = TcpListener::bind(loopback(), {.reuse_port = true}).value();
  const std::uint16_t port = bound_address(tcp.get()).port();
  CHECK(TcpListener::bind(loopback(AF_INET, port), {.reuse_port = true}).has_value());
  const auto taken = probe_bind(SocketKind::tcp, loopback(AF_INET, port));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().starts_with("port " + std::to_string(port) +
                                  " on 127.0.0.1 is in use (TCP): "));
  CHECK(taken.error().find('\n') == std::string::npos);

  const Fd udp = UdpSocket::bind(loopback(AF_INET6), {.reuse_port = true}).value();
  const std::uint16_t udp_port = bound_address(udp.get()).port();
  const auto udp_taken = probe_bind(SocketKind::udp, loopback(AF_INET6, udp_port));
  REQUIRE_FALSE(udp_taken);
  CHECK(udp_taken.error().starts_with("port " + std::to_string(udp_port) +
                                      " on ::1 is in use (UDP): "));
}

TEST_CASE("A port left in TIME_WAIT by the last run is not taken") {
  Loop loop;
  std::unique_ptr<TcpStream> stream;
  std::uint16_t port = 0;
  {
    TcpListener listener(loop, TcpListener::bind(loopback(), {}).value(),
                         [&](std::unique_ptr<TcpStream> s) { stream = std::move(s); });
    port = listener.local().port();
    auto client = TcpStream::connect(loop, listener.local()).value();
    CHECK(run_until(loop, [&] { return stream != nullptr; }));
    stream.reset();  // the server's side closes first and keeps the port in TIME_WAIT
  }
  CHECK(probe_bind(SocketKind::tcp, loopback(AF_INET, port)).has_value());
}

TEST_CASE("An address that is not this machine's is named in the error") {
  const auto bound = TcpListener::bind(Address::parse("192.0.2.1:80").value(), {});
  REQUIRE_FALSE(bound);
  CHECK(bound.error().starts_with("192.0.2.1 is not an address of this machine"));
}

TEST_CASE("A free port is free for TCP and UDP on every address") {
  const std::vector<Address> both{loopback(), loopback(AF_INET6)};
  const auto port = free_port(both);
  REQUIRE(port);
  for (const int family : {AF_INET, AF_INET6}) {
    CHECK(TcpListener::bind(loopback(family, *port), {}).has_value());
    CHECK(UdpSocket::bind(loopback(family, *port), {}).has_value());
  }
}

}  // namespace
}  // namespace troika
