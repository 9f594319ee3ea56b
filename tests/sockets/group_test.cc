// Several workers behind one port.
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include "client/client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

std::uint64_t accepted(Worker& worker) { return worker.quic().accepted; }
std::uint64_t forwarded(Worker& worker) { return worker.quic().forwarded; }
std::uint64_t refused(Worker& worker) { return worker.quic().refused; }

template <class T>
T sum(const std::vector<T>& all) {
  T total = 0;
  for (const T& one : all) total += one;
  return total;
}

// Connects so often and asks for the page once on each connection; the connections stay.
void ask(client::Client& client, client::Protocol protocol, const Address& server, int times) {
  for (int i = 0; i < times; ++i) {
    client::Connection* const connection = must(client.connect(protocol, server, "localhost"));
    REQUIRE(client.run_until([&] { return connection->ready(); }, kPatience));
    client::Fetch& fetch = client.fetch(*connection, client::make_request("GET", "localhost", "/"));
    REQUIRE(client.run_until([&] { return fetch.done(); }, kPatience));
    CHECK(fetch.status() == 200);
    client.drop(fetch);
  }
}

}  // namespace

TEST_CASE("connections spread over the workers, over every protocol") {
  LiveGroup group(4);
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  ask(*client, client::Protocol::h2, group.address, 40);
  const auto tcp = group.each<std::size_t>([](Worker& worker) { return worker.connections(); });
  CHECK(sum(tcp) == 40);
  CHECK(std::ranges::count_if(tcp, [](std::size_t n) { return n > 0; }) >= 3);
  ask(*client, client::Protocol::h3, group.address, 40);
  const auto quic = group.each(accepted);
  CHECK(sum(quic) == 40);
  CHECK(std::ranges::count_if(quic, [](std::uint64_t n) { return n > 0; }) >= 3);
  // The kernel's filter brought every packet to its worker.
  CHECK(sum(group.each(forwarded)) == 0);
  group.drain(*client);
}

TEST_CASE("packets that the kernel gives to another worker are handed on") {
  LiveGroup group(4, [](Startup& startup) {
    const int none = 0;
    REQUIRE(setsockopt(startup.workers[0].secure[0].udp.get(), SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
                       &none, sizeof none) == 0);
  });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  ask(*client, client::Protocol::h3, group.address, 40);
  CHECK(sum(group.each(accepted)) == 40);
  CHECK(sum(group.each(refused)) == 0);
  CHECK(sum(group.each(forwarded)) > 40);
  group.drain(*client);
}

TEST_CASE("a group of workers stops at once when it is told to, with connections open") {
  LiveGroup group(3);
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  ask(*client, client::Protocol::h3, group.address, 6);
}
