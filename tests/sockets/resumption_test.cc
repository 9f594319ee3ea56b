// Clients that come back over TCP, to whichever worker, and to the next process.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "client/client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Early;
using client::Protocol;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

struct Answer {
  std::uint16_t status;
  SecurityInfo security;
  std::vector<std::byte> resumption;
};

// One request on a connection of its own, which is closed then.
Answer ask(client::Client& client, Protocol protocol, const Address& server,
           std::span<const std::byte> resumption, std::string_view method = "GET",
           Early early = Early::safe_requests) {
  client::Connection* const connection =
      must(client.connect(protocol, server, "localhost", resumption));
  REQUIRE(client.run_until([&] { return connection->ready(); }, kPatience));
  client::Fetch& fetch =
      client.fetch(*connection, client::make_request(method, "localhost", "/"), nullptr, {}, early);
  const auto whole = [&] {
    return fetch.done() && !connection->security().handshaking && !connection->resumption().empty();
  };
  REQUIRE(client.run_until(whole, kPatience));
  Answer answer{fetch.status(), connection->security(), connection->resumption()};
  client.drop(fetch);
  client.drop(*connection);
  return answer;
}

}  // namespace

TEST_CASE("a client comes back to any worker over TCP, each time with early data") {
  const Protocol protocol = GENERATE(Protocol::h1, Protocol::h2);
  Resumption* shared = nullptr;
  LiveGroup group(2, [&](Startup& startup) { shared = startup.resumption.get(); });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  Answer last = ask(*client, protocol, group.address, {});
  CHECK(last.status == 200);
  CHECK_FALSE(last.security.resumed);
  constexpr unsigned kVisits = 16;
  for (unsigned i = 0; i < kVisits; ++i) {
    last = ask(*client, protocol, group.address, last.resumption);
    CHECK(last.status == 200);
    CHECK(last.security.resumed);
    CHECK(last.security.early_data);
  }
  CHECK(shared->replays.counters().accepted == kVisits);
  CHECK(shared->replays.counters().replayed == 0);
  group.drain(*client);
}

TEST_CASE("a client sends what is not safe after the handshake, unless it is told otherwise") {
  Resumption* shared = nullptr;
  LiveGroup group(1, [&](Startup& startup) { shared = startup.resumption.get(); });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  const Answer first = ask(*client, Protocol::h2, group.address, {});
  const auto post = [&](Early early) {
    return ask(*client, Protocol::h2, group.address, first.resumption, "POST", early);
  };
  // HTTP/2's own preface is early data, too, so that the connection has some either way.
  CHECK(post(Early::safe_requests).status == 405);
  CHECK(post(Early::all).status == 405);
  CHECK(ask(*client, Protocol::h2, group.address, first.resumption, "GET", Early::none).status ==
        200);
  CHECK(shared->replays.counters().accepted == 3);
  group.drain(*client);
}

TEST_CASE("with kept secrets a client comes back to the next process, with others it begins anew") {
  const TemporaryFolder folder;
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  std::vector<std::byte> resumption;
  for (const std::string file : {"kept", "kept", "lost"}) {
    LiveGroup group(2, {},
                    [&](Config& options) { options.tls.secrets_file = folder.path() / file; });
    const bool knows = !resumption.empty() && file == "kept";
    const Answer answer = ask(*client, Protocol::h2, group.address, resumption);
    CHECK(answer.status == 200);
    CHECK(answer.security.resumed == knows);
    CHECK(answer.security.early_data == knows);
    resumption = answer.resumption;
    group.drain(*client);
  }
}

TEST_CASE("with --no-0rtt a client resumes over TCP without early data") {
  LiveGroup group(1, {}, [](Config& options) { options.tls.early_data = false; });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  const Answer first = ask(*client, Protocol::h2, group.address, {});
  const Answer second = ask(*client, Protocol::h2, group.address, first.resumption);
  CHECK(second.status == 200);
  CHECK(second.security.resumed);
  CHECK_FALSE(second.security.early_data);
  group.drain(*client);
}
