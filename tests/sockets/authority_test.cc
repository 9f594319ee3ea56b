// RFC 9110 §7.4: what a connection may be asked for besides the name that it began with.
#include <catch2/catch_test_macros.hpp>

#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

TEST_CASE("an authority that the certificate does not cover is 421, on TLS ports alone") {
  LiveGroup group(1, {}, [](Config& options) {
    options.plain.push_back({must(Address::parse("127.0.0.1:0"))});
  });
  LiveClient client;
  const auto ask = [&](Protocol protocol, const std::string& host, const std::string& asked) {
    const bool plain = protocol == Protocol::h1_plain;
    const Address& to = plain ? group.startup().addresses.plain.front().address : group.address;
    return client.ask(client.connect(protocol, to, host),
                      client::make_request("GET", asked, "/", plain ? "http" : "https"));
  };
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    for (const char* const covered :
         {"localhost", "LOCALHOST:8443", "127.0.0.1:8443", "[::1]:8443"}) {
      CHECK(ask(protocol, "localhost", covered).status == 200);
    }
    const LiveClient::Answer other = ask(protocol, "localhost", "example.org");
    CHECK(other.status == 421);
    for (const char* const said : {"is for example.org, ", " localhost", " 127.0.0.1", " ::1"}) {
      CHECK(other.body.contains(said));
    }
    CHECK(ask(protocol, "127.0.0.1", "example.org").status == 200);  // no SNI
  }
  CHECK(ask(Protocol::h1_plain, "localhost", "example.org").status == 200);
}
