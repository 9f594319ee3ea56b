// Tunnels over real sockets: what the sessions alone cannot show is that the sending side of a TCP
// connection is shut while the other one goes on.
#include <catch2/catch_test_macros.hpp>

#include "support/live_client.h"
#include "support/responses.h"
#include "support/scripted_site.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::uint64_t kSize = 3U << 20U;

// Of the worker's thread, read after the server is gone.
struct Jobs {
  int alive = 0;
};

auto tunnel_site(Jobs& jobs) {
  return [&jobs](const SiteServices&) {
    auto handler = std::make_unique<ScriptedHandler>();
    handler->tunnels = true;
    handler->answer = echo_tunnel(jobs.alive);
    return Site{.handler = std::move(handler)};
  };
}

}  // namespace

TEST_CASE("A tunnel over sockets brings back every byte after our side has ended") {
  for (const auto& [protocol, name] : {NamedProtocol{client::Protocol::h1, "h1"},
                                       {client::Protocol::h2, "h2"},
                                       {client::Protocol::h3, "h3"},
                                       {client::Protocol::h1_plain, "plain h1"}}) {
    CAPTURE(name);
    Jobs jobs;
    {
      LiveServer server(tunnel_site(jobs));
      LiveClient client;
      const bool plain = protocol == client::Protocol::h1_plain;
      client::Connection& connection =
          client.connect(protocol, plain ? server.plain : server.address);
      REQUIRE(connection.ready());
      Request request = client::make_request("GET", "localhost", "/", plain ? "http" : "https");
      request.protocol = "websocket";
      // The server's settings, which allow it, may come after the handshake.
      client::Fetch* fetch = nullptr;
      PatternCheck check;
      client.wait([&] {
        if (fetch != nullptr && fetch->failed() &&
            fetch->failure().reason == AbortReason::refused) {
          client->drop(*std::exchange(fetch, nullptr));
        }
        if (fetch == nullptr) {
          fetch = &client->fetch(connection, request,
                                 std::make_unique<PatternBody>(client->pool(), kSize, false),
                                 [&](std::span<const std::byte> bytes) { check(bytes); },
                                 {.early = client::Early::none});
        }
        return fetch->done() && !fetch->failed();
      });
      CHECK(fetch->status() == 200);
      CHECK(check.at == kSize);
      CHECK(check.same);
    }
    CHECK(jobs.alive == 0);
  }
}
