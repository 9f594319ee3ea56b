#include "quic_world.h"

namespace troika::test {
namespace {

constexpr std::size_t kBytes = 1U << 20U;

// Counts the marks that reach the client.
void watch(QuicWorld& w, ClientSide& client, std::map<Ecn, std::size_t>& marks) {
  client.port->receiver = [&](const Datagram& datagram) {
    ++marks[datagram.ecn];
    client.quic->receive(datagram, w.world.clock.now());
  };
}

TEST_CASE("Packets are marked as ECN-capable, and the marks arrive") {
  QuicWorld w;
  ClientSide& client = w.connect();
  std::map<Ecn, std::size_t> marks;
  watch(w, client, marks);
  REQUIRE(w.download(client, kBytes));
  CHECK(marks[Ecn::ect0] > 700);
  CHECK(marks[Ecn::ce] == 0);
  CHECK(marks[Ecn::not_ect] < 100);  // acknowledgements alone (RFC 9000 §13.4 leaves it open)
}

TEST_CASE("On a path that clears the marks a sender soon makes none, and loses nothing by it") {
  const auto run = [](bool bleached) {
    QuicWorld w(6);
    ClientSide& client = w.connect({.bleached = bleached});
    const TimePoint start = w.world.clock.now();
    REQUIRE(w.download(client, kBytes));
    const auto& tally = w.world.net.tally(w.port.address(), client.port->address());
    return std::pair(tally.bleached, w.world.clock.now() - start);
  };
  const auto [marked, time] = run(true);
  CHECK(marked > 0);
  CHECK(marked < 50);  // RFC 9000 §A.4: a few to test the path with
  CHECK(time <= run(false).second + 20ms);
}

TEST_CASE("Marks that a path begins to clear in mid-transfer are given up") {
  QuicWorld w(6);
  ClientSide& client = w.connect();
  client.app().ask("send 1048576");
  REQUIRE(w.run_until([&] { return client.app().in[0].bytes.size() > 100000; }));
  w.to_client(client).bleached = w.to_server(client).bleached = true;
  REQUIRE(w.run_until([&] { return client.app().answered(1); }));
  CHECK(client.app().answer().bytes == pattern(kBytes));
  const auto& tally = w.world.net.tally(w.port.address(), client.port->address());
  CHECK(tally.bleached > 0);
  CHECK(tally.bleached < 200);  // what was in flight until the acknowledgements told
}

TEST_CASE("On a path that marks everything as congested a transfer goes on, slowly and marked") {
  const auto time_of = [](bool congested) {
    QuicWorld w(6, with_cubic());
    ClientSide& client = w.connect({.congested = congested});
    std::map<Ecn, std::size_t> marks;
    watch(w, client, marks);
    const TimePoint start = w.world.clock.now();
    REQUIRE(w.download(client, kBytes, 300s));
    CHECK((marks[Ecn::ce] > 700) == congested);
    CHECK((marks[Ecn::ect0] == 0) == congested);
    CHECK(std::ranges::all_of(w.world.net.log(), &sim::Sent::arrived));
    return w.world.clock.now() - start;
  };
  CHECK(time_of(true) > time_of(false));
}

}  // namespace
}  // namespace troika::test
