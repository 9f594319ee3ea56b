#include <netinet/tcp.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "loop/tcp_listener.h"
#include "loop/tcp_stream.h"
#include "os/bind.h"
#include "unit/loop/inject.h"
#include "unit/loop/loop_helper.h"

namespace troika {
namespace {

// Keeps what happens to a stream; optionally sends back all that it gets, one piece at a time, and
// reads nothing while the peer takes nothing.
struct Peer final : ByteStream::Observer {
  explicit Peer(std::unique_ptr<TcpStream> s, bool echoes = false)
      : stream(std::move(s)), echo(echoes) {
    stream->start(*this);
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    ++reads;
    received += bytes.size();
    if (!echo) {
      for (const std::byte b : bytes) {
        if (b != pattern(checked++)) wrong = true;
      }
      if (stop_after != 0 && received >= stop_after) stream->set_reading(false);
      return;
    }
    waiting.insert(waiting.end(), bytes.begin(), bytes.end());
    flush_echo();
  }
  void on_end() override {
    ++ends;
    if (echo && waiting.empty()) stream->shutdown_write();
  }
  void on_writable() override {
    ++writables;
    if (echo) flush_echo();
    if (to_send != 0) send();
  }
  void on_closed(Error why) override { closed.push_back(why); }

  bool over() const { return ends != 0 || !closed.empty(); }

  static std::byte pattern(std::size_t i) {
    return static_cast<std::byte>((i * 7 + i / 256) & 255);
  }

  void flush_echo() {
    while (!waiting.empty()) {
      const std::vector<std::byte> piece(waiting.begin(), waiting.end());
      const iovec part{.iov_base = const_cast<std::byte*>(piece.data()), .iov_len = piece.size()};
      const auto n = stream->write_some({&part, 1});
      if (!n || *n == 0) break;
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*n));
      if (*n < piece.size()) break;
    }
    stream->set_reading(waiting.empty());
    if (waiting.empty() && ends != 0) stream->shutdown_write();
  }

  // Sends the next of `to_send` bytes of the pattern, then FIN.
  void send() {
    std::vector<std::byte> piece;
    while (to_send != 0) {
      piece.resize(std::min<std::size_t>(to_send, 100'000));
      for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = pattern(sent + i);
      const std::size_t half = piece.size() / 2;
      const iovec parts[2] = {{piece.data(), half}, {piece.data() + half, piece.size() - half}};
      const auto n = stream->write_some(parts);
      REQUIRE(n);
      sent += *n;
      to_send -= *n;
      if (*n < piece.size()) {
        ++short_writes;
        return;
      }
    }
    if (shuts) stream->shutdown_write();
  }

  std::unique_ptr<TcpStream> stream;
  bool echo, wrong = false, shuts = true;
  std::deque<std::byte> waiting;
  std::size_t received = 0, checked = 0, sent = 0, to_send = 0, stop_after = 0;
  int reads = 0, ends = 0, writables = 0, short_writes = 0;
  std::vector<Error> closed;
};

// A listener, and both ends of one connection to it.
struct Pair {
  explicit Pair(int family = AF_INET)
      : listener(loop, TcpListener::bind(loopback(family), {}).value(),
                 [this](std::unique_ptr<TcpStream> s) { accepted.push_back(std::move(s)); }) {}

  std::unique_ptr<TcpStream> connect() {
    return TcpStream::connect(loop, listener.local()).value();
  }
  std::unique_ptr<TcpStream> accept() {
    REQUIRE(run_until(loop, [&] { return !accepted.empty(); }));
    auto stream = std::move(accepted.front());
    accepted.pop_front();
    return stream;
  }

  Loop loop;
  std::deque<std::unique_ptr<TcpStream>> accepted;
  TcpListener listener;
};

struct Connected : Pair {
  Peer client{connect()}, server{accept()};
};

TEST_CASE("Ten mebibytes are echoed with backpressure over IPv4 and IPv6") {
  constexpr std::size_t kBytes = 10U << 20U;
  Pair pair(GENERATE(AF_INET, AF_INET6));
  Peer client(pair.connect());
  client.to_send = kBytes;
  client.send();  // before the connection is there: on_writable says when
  Peer server(pair.accept(), true);
  CHECK(run_until(pair.loop, [&] { return client.ends == 1 && server.ends == 1; }));
  CHECK(client.received == kBytes);
  CHECK(server.received == kBytes);
  CHECK_FALSE(client.wrong);
  CHECK(client.short_writes > 1);
  CHECK(client.closed.empty());
  CHECK(server.closed.empty());
  CHECK(server.stream->remote() == client.stream->local());
  CHECK(server.stream->local() == pair.listener.local());
}

TEST_CASE("A stream whose reader has stopped holds back its sender") {
  Connected pair;
  pair.server.stop_after = 1;
  pair.client.to_send = 24U << 20U;
  pair.client.send();
  run_for(pair.loop, std::chrono::milliseconds(50));
  CHECK(pair.client.sent < (24U << 20U));
  const int reads = pair.server.reads;
  CHECK(reads == 1);  // none after it was switched off inside the callback
  run_for(pair.loop, std::chrono::milliseconds(10));
  CHECK(pair.server.reads == reads);
  pair.server.stop_after = 0;
  pair.server.stream->set_reading(true);
  CHECK(run_until(pair.loop, [&] { return pair.server.ends == 1; }));
  CHECK(pair.server.received == 24U << 20U);
  CHECK_FALSE(pair.server.wrong);
}

TEST_CASE("After FIN one way the other way still carries bytes") {
  Connected pair;
  pair.client.stream->shutdown_write();
  CHECK(run_until(pair.loop, [&] { return pair.server.ends == 1; }));
  pair.server.to_send = 1000;
  pair.server.send();
  CHECK(run_until(pair.loop, [&] { return pair.client.ends == 1; }));
  CHECK(pair.client.received == 1000);
  run_for(pair.loop, std::chrono::milliseconds(5));
  CHECK(pair.server.ends == 1);
  CHECK(pair.server.closed.empty());
}

TEST_CASE("Reset is told once, while reading") {
  Pair pair;
  Peer client(pair.connect());
  auto server = std::make_unique<Peer>(pair.accept());
  server->stream->reset();
  server.reset();
  CHECK(run_until(pair.loop, [&] { return !client.closed.empty(); }));
  run_for(pair.loop, std::chrono::milliseconds(5));
  REQUIRE(client.closed.size() == 1);
  CHECK(client.closed[0].code == ErrorCode::closed);
  CHECK(client.ends == 0);
  const iovec part{.iov_base = &client, .iov_len = 1};
  CHECK_FALSE(client.stream->write_some({&part, 1}));
}

TEST_CASE("Reset is told also while reading is off, with and without bytes before it") {
  for (const auto& [watched, bytes] :
       std::initializer_list<std::pair<Peer Connected::*, std::size_t>>{
           {&Connected::server, 0U}, {&Connected::server, 1000U}, {&Connected::client, 0U}}) {
    Connected pair;
    Peer& deaf = pair.*watched;
    Peer& other = watched == &Connected::server ? pair.client : pair.server;
    deaf.stream->set_reading(false);
    other.to_send = bytes;
    if (bytes != 0) other.send();
    run_for(pair.loop, std::chrono::milliseconds(5));
    other.stream->reset();
    other.stream.reset();
    CHECK(run_until(pair.loop, [&] { return !deaf.closed.empty(); }));
    CHECK(deaf.closed.size() == 1);
    CHECK(deaf.received == 0);
  }
}

TEST_CASE("The side that has connected reads what came before a reset, when it reads again") {
  Connected pair;
  pair.client.stream->set_reading(false);
  pair.server.to_send = 1000;
  pair.server.send();
  pair.server.stream->reset();
  pair.server.stream.reset();
  int turns = 0;
  pair.loop.set_flush([&](TimePoint) {
    ++turns;
    return false;
  });
  run_for(pair.loop, std::chrono::milliseconds(50));
  CHECK(pair.client.closed.empty());
  CHECK(turns < 20);
  pair.client.stream->set_reading(true);
  CHECK(run_until(pair.loop, [&] { return pair.client.over(); }));
  CHECK(pair.client.received == 1000);
  CHECK_FALSE(pair.client.wrong);
}

// The server has sent bytes and closed with some that it has not read; the client has not looked
// since, and writes.
struct Rejected : Connected {
  explicit Rejected(bool shuts) {
    server.stream->set_reading(false);
    CHECK(write());
    run_for(loop, std::chrono::milliseconds(5));
    server.to_send = 1000;
    server.shuts = shuts;
    server.send();
    server.stream.reset();
    CHECK_FALSE(write());
    CHECK_FALSE(write());
  }
  bool write() {
    const iovec part{.iov_base = const_cast<char*>("x"), .iov_len = 1};
    return client.stream->write_some({&part, 1}).has_value();
  }
};

TEST_CASE("After a write that fails, what came before the reset is read, and then the reset") {
  Rejected pair(false);
  CHECK(run_until(pair.loop, [&] { return !pair.client.closed.empty(); }));
  CHECK(pair.client.received == 1000);
  CHECK(pair.client.ends == 0);
  CHECK(pair.client.closed.size() == 1);
}

TEST_CASE("After a write that fails, an end that the peer has sent is an end") {
  Rejected pair(true);
  CHECK(run_until(pair.loop, [&] { return pair.client.ends == 1; }));
  CHECK(pair.client.received == 1000);
}

TEST_CASE("A write that fails on a connection that is there ends it, for both sides") {
  const inject::Guard inject;
  const bool reads = GENERATE(true, false);
  const int error = GENERATE(ENOMEM, ENOBUFS, EIO, ECONNRESET);
  CAPTURE(reads, error);
  Connected pair;
  pair.server.stream->set_reading(reads);
  inject->sendmsg = {error};
  const iovec part{.iov_base = &pair, .iov_len = 1};
  CHECK_FALSE(pair.server.stream->write_some({&part, 1}));
  CHECK(run_until(pair.loop, [&] { return pair.server.over() && pair.client.over(); }));
  CHECK(pair.server.closed.size() == 1);
  CHECK(pair.client.closed.size() == 1);
  CHECK(pair.client.ends == 0);
}

TEST_CASE("The end of the input comes in a turn after its last bytes") {
  for (const bool shuts : {false, true}) {
    Connected pair;
    int turn = 0, at_bytes = 0, at_end = 0;
    pair.loop.set_flush([&](TimePoint) {
      ++turn;
      if (at_bytes == 0 && pair.client.received == 1000) at_bytes = turn;
      if (at_end == 0 && pair.client.over()) at_end = turn;
      return false;
    });
    pair.server.to_send = 1000;
    pair.server.shuts = shuts;
    pair.server.send();
    if (!shuts) pair.server.stream->reset();
    pair.server.stream.reset();
    CHECK(run_until(pair.loop, [&] { return at_end != 0; }));
    CHECK(at_bytes != 0);
    CHECK(at_bytes < at_end);
  }
}

TEST_CASE("A side that was connected to, and cannot write, is told of the reset unread") {
  Connected pair;
  pair.server.stream->set_reading(false);
  run_for(pair.loop, std::chrono::milliseconds(5));
  pair.client.stream->reset();
  pair.client.stream.reset();
  const iovec part{.iov_base = &pair, .iov_len = 1};
  CHECK_FALSE(pair.server.stream->write_some({&part, 1}));
  CHECK(run_until(pair.loop, [&] { return !pair.server.closed.empty(); }));
  CHECK(pair.server.closed[0].detail == "reset by the peer");
}

TEST_CASE("Reset is told after FIN both ways were open and only one is left") {
  Connected pair;
  pair.client.stream->shutdown_write();
  CHECK(run_until(pair.loop, [&] { return pair.server.ends == 1; }));
  pair.client.stream->reset();
  pair.client.stream.reset();
  CHECK(run_until(pair.loop, [&] { return !pair.server.closed.empty(); }));
}

TEST_CASE("A stream that waits for nothing does not wake the loop") {
  Connected pair;
  pair.server.stream->set_reading(false);
  pair.client.to_send = 1000;
  pair.client.send();  // bytes and a FIN that nobody reads
  run_for(pair.loop, std::chrono::milliseconds(5));
  pair.client.stream->set_reading(false);
  pair.server.stream->shutdown_write();
  int turns = 0;
  pair.loop.set_flush([&](TimePoint) {
    ++turns;
    return false;
  });
  run_for(pair.loop, std::chrono::milliseconds(50));
  CHECK(turns < 20);
}

TEST_CASE("A connection that is refused closes the stream") {
  Loop loop;
  Address address = loopback();
  address.set_port(free_port({&address, 1}).value());
  Peer client(TcpStream::connect(loop, address).value());
  CHECK(run_until(loop, [&] { return !client.closed.empty(); }));
  CHECK(client.closed[0].detail == "connection refused");
}

TEST_CASE("A reader takes turns: one wake reads a bounded number of bytes") {
  Connected pair;
  pair.server.stream->set_reading(false);
  pair.client.to_send = 4U << 20U;
  pair.client.send();
  run_for(pair.loop, std::chrono::milliseconds(20));
  std::size_t most = 0, before = 0;
  pair.loop.set_flush([&](TimePoint) {
    most = std::max(most, pair.server.received - before);
    before = pair.server.received;
    return false;
  });
  pair.server.stream->set_reading(true);
  CHECK(run_until(pair.loop, [&] { return pair.server.ends == 1; }));
  CHECK(most <= 4 * (64U << 10U));
  CHECK(most > 64U << 10U);
}

TEST_CASE("Accepted sockets inherit TCP_NODELAY and the bound on unsent bytes") {
  // Read from a plain socket, which is what a TcpStream is given.
  Loop loop;
  const Fd listening = TcpListener::bind(loopback(), {}).value();
  auto client = TcpStream::connect(loop, bound_address(listening.get())).value();
  const Fd accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(accepted);
  int nodelay = 0, unsent = 0;
  socklen_t size = sizeof(int);
  getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size);
  getsockopt(accepted.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, &size);
  CHECK(nodelay == 1);
  CHECK(unsent == 128 << 10);
}

}  // namespace
}  // namespace troika
