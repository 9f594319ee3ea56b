// RFC 9110 §7.4: what a connection may be asked for besides the name that it began with.
#include <catch2/catch_test_macros.hpp>

#include "client/client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

TEST_CASE("an authority that the certificate does not cover is 421, on TLS ports alone") {
  LiveGroup group(1, {}, [](Config& options) {
    options.plain.push_back({must(Address::parse("127.0.0.1:0"))});
  });
  const auto client = must(client::Client::make({test_certificate().ca_file}));
  std::string body;  // of the last answer
  const auto status = [&](Protocol protocol, const std::string& host, const std::string& asked) {
    const bool plain = protocol == Protocol::h1_plain;
    const Address& to = plain ? group.startup().plain.front().address : group.address;
    client::Connection* const connection = must(client->connect(protocol, to, host));
    REQUIRE(client->run_until([&] { return connection->ready(); }, std::chrono::seconds(20)));
    client::Fetch& fetch = client->fetch(
        *connection, client::make_request("GET", asked, "/", plain ? "http" : "https"));
    REQUIRE(client->run_until([&] { return fetch.done(); }, std::chrono::seconds(20)));
    const int got = fetch.status();
    body = fetch.body;
    client->drop(fetch);
    client->drop(*connection);
    return got;
  };
  for (const Protocol protocol : {Protocol::h1, Protocol::h2, Protocol::h3}) {
    CAPTURE(static_cast<int>(protocol));
    CHECK(status(protocol, "localhost", "localhost") == 200);
    CHECK(status(protocol, "localhost", "LOCALHOST:8443") == 200);
    CHECK(status(protocol, "localhost", "127.0.0.1:8443") == 200);
    CHECK(status(protocol, "localhost", "[::1]:8443") == 200);
    CHECK(status(protocol, "localhost", "example.org") == 421);
    CHECK(body.contains("is for example.org, "));
    CHECK(body.contains(" localhost"));
    CHECK(body.contains(" 127.0.0.1"));
    CHECK(body.contains(" ::1"));
    CHECK(status(protocol, "127.0.0.1", "example.org") == 200);  // no SNI
  }
  CHECK(status(Protocol::h1_plain, "localhost", "example.org") == 200);
}
