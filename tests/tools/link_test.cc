// The link between two sockets that keep packets apart; real devices are for interop/field/link.sh.
#include "tools/link/link.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "os/fd.h"
#include "tools/network/path_options.h"
#include "tools/parser.h"

using namespace troika;
using namespace troika::link;
using namespace std::chrono_literals;

namespace {

const test::Parser<Options> kLink{parse_options, "--client true "};

// What a device would be: `inside` is where its programs send and receive.
struct Device {
  Device() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) ==
            0);
    inside = Fd(fds[0]);
    outside = Fd(fds[1]);
  }
  void send(const std::string& packet) const {
    REQUIRE(::write(inside.get(), packet.data(), packet.size()) == std::ssize(packet));
  }
  std::string received() const {
    std::string packet(100, ' ');
    const auto size = ::read(inside.get(), packet.data(), packet.size());
    packet.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return packet;
  }

  Fd inside, outside;
};

struct Rig {
  explicit Rig(const Options& options)
      : link(loop, options, client.outside.get(), server.outside.get()) {}
  bool until(std::move_only_function<bool()> done) { return loop.run_until(std::move(done), 30s); }

  Device client, server;
  Loop loop;
  Link link;
};

// The first half of the first byte is the version of IP.
std::string ipv4(const std::string& text) { return "\x45" + text; }

}  // namespace

TEST_CASE("packets go both ways, in order; what is not IPv4 is left alone") {
  Rig rig(kLink.good("--delay 2ms"));
  rig.client.send("\x60IPv6");
  rig.client.send(ipv4("one"));
  rig.client.send(ipv4("two"));
  rig.server.send(ipv4("response"));
  REQUIRE(rig.until([&] { return rig.link.up().sent == 2 && rig.link.down().sent == 1; }));
  CHECK(rig.server.received() == ipv4("one"));
  CHECK(rig.server.received() == ipv4("two"));
  CHECK(rig.server.received().empty());
  CHECK(rig.client.received() == ipv4("response"));
  CHECK(rig.link.up().received == 2);
  CHECK(rig.link.up().sent_bytes == 8);
  CHECK(rig.link.up().delayed == 2);
}

TEST_CASE("what is lost, or finds the queue full, is counted in its direction") {
  // 0.1 s for each; one waits and one is on the line.
  Rig rig(kLink.good("--up-loss 100% --down-rate 1kbit --down-queue 30"));
  rig.client.send(ipv4("lost"));
  for (int i = 0; i < 3; ++i) rig.server.send(ipv4("12 bytes ..."));
  REQUIRE(rig.until([&] { return rig.link.down().received == 3 && rig.link.up().received == 1; }));
  CHECK(rig.link.up().lost == 1);
  CHECK(rig.link.down().queue_full == 0);
  Rig bytes(kLink.good("--rate 1kbit --queue 1k"));
  for (int i = 0; i < 3; ++i) bytes.server.send(ipv4(std::string(511, '.')));
  REQUIRE(bytes.until([&] { return bytes.link.down().received == 3; }));
  CHECK(bytes.link.down().queue_full == 1);
}

TEST_CASE("what is on its way has a limit") {
  Options options = kLink.good("--delay 60m");
  SECTION("of packets") { options.most_waiting = 2; }
  SECTION("of bytes") { options.most_waiting_bytes = 8; }
  Rig rig(options);
  for (int i = 0; i < 3; ++i) rig.client.send(ipv4("abc"));
  REQUIRE(rig.until([&] { return rig.link.up().received == 3; }));
  CHECK(rig.link.up().overflow == 1);
}

TEST_CASE("the options of a link") {
  const Options options = kLink.good(
      "--server serve --delay 25ms --rate 100Mbit --queue 512k --down-loss 1% --tcp bbr --seed 7 "
      "--for 30s");
  CHECK(network::describe(options.up) == "delay 25ms, 100 Mbit/s with a queue of 524288 bytes");
  CHECK(network::describe(options.down) ==
        "loss 1%, delay 25ms, 100 Mbit/s with a queue of 524288 bytes");
  CHECK(options.server == "serve");
  CHECK(options.client == "true");
  CHECK(options.tcp == "bbr");
  CHECK(options.seed == 7);
  CHECK(options.length == 30s);
  CHECK(kLink.parse("").error().text == "--client is missing: the command that uses the link");
  CHECK(kLink.wrong("--ecn ce") == "there is no option --ecn; see ./dev link --help");
  CHECK(kLink.wrong("--tcp a/b").starts_with("--tcp takes a value like cubic"));
}
