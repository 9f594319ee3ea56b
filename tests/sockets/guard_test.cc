// What protects a site, asked over each protocol on real sockets.
#include <catch2/catch_test_macros.hpp>

#include "support/cert_maker.h"
#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

// Of "open sesame", with as few rounds as there can be.
const std::string kHash = "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
const std::string kRight = "Basic YWxpOm9wZW4gc2VzYW1l";  // ali:open sesame
const std::string kWrong = "Basic YWxpOm9wZW4gYmFybGV5";  // ali:open barley

// A server of one site with this guard, a text on /text and files below the rest.
struct Rig {
  explicit Rig(GuardSpec guard)
      : group(2, {}, [&](Config& config) {
          put_file(folder.path() / "index.html", "in");
          put_file(folder.path() / "sorry.html", "sorry");
          SiteSpec site{.error_pages = {{404, "sorry.html"}}, .guard = std::move(guard)};
          site.routes = {{.match = RouteSpec::Match::path,
                          .pattern = "/text",
                          .action = RespondSpec{.body = "text"}},
                         {.action = FilesSpec{folder.path()}}};
          config.sites = {std::move(site)};
        }) {}

  LiveClient::Answer ask(Protocol protocol, const std::string& path,
                         const std::string& authorization = "") {
    Request request = client::make_request("GET", "localhost", path);
    if (!authorization.empty()) request.headers.add("authorization", authorization);
    return client.ask(client.connect(protocol, group.address), request);
  }

  TemporaryFolder folder;
  LiveGroup group;
  LiveClient client;
};

AddressRange range(std::string_view text) { return AddressRange::parse(text).value(); }

}  // namespace

TEST_CASE("A client that is denied, or not allowed, gets 403 on all routes") {
  Rig denied({.deny = {range("127.0.0.0/8")}, .allow = {range("127.0.0.1")}});
  Rig elsewhere({.allow = {range("192.0.2.0/24")}});
  Rig allowed({.deny = {range("192.0.2.1")}, .allow = {range("127.0.0.1")}});
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    for (const char* const path : {"/", "/text", "/none"}) {
      CHECK(denied.ask(protocol, path).status == 403);
      CHECK(elsewhere.ask(protocol, path).status == 403);
    }
    CHECK(allowed.ask(protocol, "/").body == "in");
    CHECK(allowed.ask(protocol, "/text").body == "text");
    CHECK(allowed.ask(protocol, "/none").body == "sorry");
  }
}

TEST_CASE("Who asks too often gets 429 and when to come again, however he asks") {
  Rig rig({.rate = RateSpec{.per_second = 1, .burst = 3}});
  int served = 0, refused = 0;
  for (const auto& [protocol, name] : kProtocols) {
    for (int i = 0; i < 4; ++i) {
      const auto answer = rig.ask(protocol, "/text");
      if (answer.status == 200) ++served;
      if (answer.status != 429) continue;
      ++refused;
      CHECK(answer.headers.get("retry-after") == "1");
    }
  }
  CHECK(served + refused == 12);
  CHECK(served >= 3);
  CHECK(refused >= 1);
}

TEST_CASE("Who has no login gets 401, and who has one what there is") {
  Rig rig({.logins = {{"ali", kHash}}, .realm = "the cave"});
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    for (const std::string& none : {std::string(), kWrong, std::string("Bearer x")}) {
      for (const char* const path : {"/", "/text", "/none"}) {
        const auto answer = rig.ask(protocol, path, none);
        CHECK(answer.status == 401);
        CHECK(answer.headers.get("www-authenticate") ==
              "Basic realm=\"the cave\", charset=\"UTF-8\"");
      }
    }
    CHECK(rig.ask(protocol, "/", kRight).body == "in");
    CHECK(rig.ask(protocol, "/text", kRight).body == "text");
    CHECK(rig.ask(protocol, "/none", kRight).body == "sorry");
  }
}
