#include "tools/parity/remote.h"
#include "base/text.h"

#include <catch2/catch_test_macros.hpp>

#include "server/static_site.h"

namespace troika::parity {
namespace {

TEST_CASE("A URL is taken apart, and only https is taken") {
  const auto url = parse_url("https://example.org/a?b=c#d");
  REQUIRE(url.has_value());
  CHECK(url->host == "example.org");
  CHECK(url->port == 443);
  CHECK(url->authority == "example.org");
  CHECK(url->target == "/a?b=c");
  CHECK(parse_url("https://example.org:8443")->port == 8443);
  CHECK(parse_url("https://example.org:8443")->target == "/");
  CHECK(parse_url("https://example.org?x")->target == "/?x");
  CHECK(parse_url("https://[::1]:8443/")->host == "::1");
  CHECK(parse_url("https://[::1]/")->authority == "[::1]");
  for (const char* const bad : {"http://example.org/", "https://", "https:///a", "https://a:b/",
                                "https://a:0/", "https://a:65536/", "https://u@a/"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_url(bad).has_value());
  }
}

TEST_CASE("Any server can be asked, as this one: all protocols say the same") {
  const Fixture fixture;
  rig::LiveServer server(
      rig::must(static_site(fixture.root().string(), {}, SiteShare{{.open_files = 256}})));
  auto client = rig::must(client::Client::make({rig::test_certificate().ca_file}));
  const auto url = parse_url(formatted("https://127.0.0.1:{}/live.txt", server.address.port()));
  auto remote = rig::must(Remote::reach(*client, *url));
  REQUIRE(remote.count() == 3);
  auto allowed = *Differences::parse("field date: x\nfield alt-svc h1 h2: x\n");
  const Learned learned = rig::must(remote.learn(allowed));
  CHECK(learned.size == 20'000);
  CHECK_FALSE(learned.etag.empty());
  CHECK(learned.last_modified == "Wed, 01 Jan 2020 00:00:00 GMT");
  const auto requests = generic_requests(url->target, learned, true);
  CHECK(requests.size() >= 60);
  for (const Generic& request : requests) {
    const Remote::Row row = remote.ask(request, allowed);
    CAPTURE(request.name);
    CHECK(row.differs == "");
  }
  CHECK_FALSE(remote.announces_over_h3());
}

TEST_CASE("A protocol that a server does not speak is left out, and why is said") {
  const Fixture fixture;
  // Plain HTTP: a port where TLS and QUIC find nobody who understands them.
  rig::LiveServer server(
      rig::must(static_site(fixture.root().string(), {}, SiteShare{{.open_files = 256}})));
  auto client = rig::must(client::Client::make({}));
  const auto url = parse_url(formatted("https://127.0.0.1:{}/", server.plain.port()));
  const auto remote = rig::must(Remote::reach(*client, *url, std::chrono::milliseconds(300)));
  CHECK(remote.count() == 0);
  for (const auto& reach : remote.reached()) CHECK_FALSE(reach.note.empty());
}

}  // namespace
}  // namespace troika::parity
