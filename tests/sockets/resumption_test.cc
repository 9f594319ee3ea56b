// Clients that come back over TCP, to whichever worker, and to the next process.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Early;
using client::Protocol;

namespace {

struct Answer {
  std::uint16_t status = 0;
  SecurityInfo security{};
  std::vector<std::byte> resumption{};
};

// One request on a connection of its own, which is closed then.
Answer ask(LiveClient& client, Protocol protocol, const Address& server, const Answer& last = {},
           std::string_view method = "GET", Early early = Early::safe_requests) {
  client::Connection& connection = client.connect(protocol, server, "localhost", last.resumption);
  client::Fetch& fetch = client->fetch(connection, client::make_request(method, "localhost", "/"),
                                       nullptr, {}, {.early = early});
  client.wait([&] {
    return fetch.done() && !connection.security().handshaking && !connection.resumption().empty();
  });
  Answer answer{fetch.status(), connection.security(), connection.resumption()};
  client->drop(fetch);
  client->drop(connection);
  return answer;
}

}  // namespace

TEST_CASE("a client comes back to any worker over TCP, each time with early data") {
  const Protocol protocol = GENERATE(Protocol::h1, Protocol::h2);
  Resumption* shared = nullptr;
  LiveGroup group(2, [&](Startup& startup) { shared = startup.resumption.get(); });
  LiveClient client;
  Answer last = ask(client, protocol, group.address);
  CHECK(last.status == 200);
  CHECK_FALSE(last.security.resumed);
  constexpr unsigned kVisits = 16;
  for (unsigned i = 0; i < kVisits; ++i) {
    last = ask(client, protocol, group.address, last);
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
  LiveClient client;
  const Answer first = ask(client, Protocol::h2, group.address);
  const auto status = [&](std::string_view method, Early early) {
    return ask(client, Protocol::h2, group.address, first, method, early).status;
  };
  // HTTP/2's own preface is early data, too, so that the connection has some either way.
  CHECK(status("POST", Early::safe_requests) == 405);
  CHECK(status("POST", Early::all) == 405);
  CHECK(status("GET", Early::none) == 200);
  CHECK(shared->replays.counters().accepted == 3);
  group.drain(*client);
}

TEST_CASE("a client comes back to a process with the same secrets, and early unless --no-0rtt") {
  const TemporaryFolder folder;
  LiveClient client;
  Answer last;
  struct Row {
    const char* secrets;
    bool early_data, resumed;
  };
  for (const auto& [secrets, early_data, resumed] :
       std::initializer_list<Row>{{"kept", true, false},
                                  {"kept", true, true},
                                  {"lost", true, false},
                                  {"lost", false, true},
                                  {"lost", false, true}}) {
    LiveGroup group(2, {}, [&](Config& options) {
      options.tls.secrets_file = folder.path() / secrets;
      options.tls.early_data = early_data;
    });
    last = ask(client, Protocol::h2, group.address, last);
    CHECK(last.status == 200);
    CHECK(last.security.resumed == resumed);
    CHECK(last.security.early_data == (resumed && early_data));
    group.drain(*client);
  }
}
