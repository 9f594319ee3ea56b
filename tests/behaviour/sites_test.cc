// Sites and routes: written once, true over every protocol.
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "server/static_site.h"
#include "support/live_client.h"

using namespace troika;
using namespace troika::test;

namespace {

using Match = RouteSpec::Match;

void put(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

// One server and one client. The certificate is for localhost, 127.0.0.1 and [::1].
struct SiteRig {
  SiteRig(client::Protocol protocol, std::vector<SiteSpec> sites)
      : server(must(make_sites(std::move(sites), {.https_port = 443}))),
        connection(client.connect(protocol, server.address)) {}

  LiveClient::Answer ask(std::string_view method, const std::string& authority,
                         const std::string& target) {
    return client.ask(connection, client::make_request(method, authority, target));
  }
  LiveClient::Answer get(const std::string& authority, const std::string& target) {
    return ask("GET", authority, target);
  }

  LiveServer server;
  LiveClient client;
  client::Connection& connection;
};

std::string field(const LiveClient::Answer& answer, std::string_view name) {
  return std::string(answer.headers.get(name).value_or(""));
}

void over_each(const std::vector<SiteSpec>& sites, const std::function<void(SiteRig&)>& check) {
  for (const auto& [protocol, name] : kProtocols) {
    INFO(name);
    SiteRig rig(protocol, sites);
    check(rig);
    CHECK(rig.server.drain().empty());
  }
}

}  // namespace

TEST_CASE("Each host gets its site, and a host that no site has gets 421") {
  const std::vector<SiteSpec> sites{
      {.hosts = {"localhost"}, .routes = {{.action = RespondSpec{.body = "name"}}}},
      {.hosts = {"127.0.0.1"}, .routes = {{.action = RespondSpec{.body = "address"}}}}};
  over_each(sites, [](SiteRig& rig) {
    CHECK(rig.get("localhost:1", "/").body == "name");
    CHECK(rig.get("127.0.0.1", "/").body == "address");
    const auto unknown = rig.get("[::1]", "/");
    CHECK(unknown.status == 421);
    CHECK(unknown.body == "421 Misdirected Request\n");
    CHECK(rig.get("LOCALHOST", "/").body == "name");  // the connection goes on
  });
}

TEST_CASE("The first route that matches responds: files, texts, redirects, pages") {
  TemporaryFolder folder;
  put(folder.path() / "a" / "one.txt", "one");
  put(folder.path() / "a" / "index.html", "<p>index");
  put(folder.path() / "a" / "404.html", "<p>not here");
  const FilesSpec files{(folder.path() / "a").string()};
  const std::vector<SiteSpec> sites{
      {.headers = {{"x-site", "yes"}},
       .error_pages = {{404, "404.html"}, {405, "404.html"}},
       .routes = {
           {.match = Match::path,
            .pattern = "/one.txt",
            .methods = {"POST"},
            .action = RespondSpec{.status = 201, .body = "posted"}},
           {.match = Match::prefix, .pattern = "/old", .action = RedirectSpec{"/new{rest}{query}"}},
           {.match = Match::prefix,
            .pattern = "/cut",
            .strip_prefix = true,
            .headers = {{"x-route", "cut"}},
            .action = files},
           {.match = Match::path, .pattern = "/only", .methods = {"POST"}, .action = RespondSpec{}},
           {.match = Match::glob, .pattern = "/*.txt", .action = files},
       }}};
  over_each(sites, [](SiteRig& rig) {
    CHECK(rig.get("localhost", "/one.txt").body == "one");
    const auto posted = rig.ask("POST", "localhost", "/one.txt");
    CHECK(posted.status == 201);
    CHECK(posted.body == "posted");
    CHECK(field(posted, "x-site") == "yes");

    const auto old = rig.get("localhost", "/old/x?y=1");
    CHECK(old.status == 308);
    CHECK(field(old, "location") == "/new/x?y=1");
    CHECK(field(old, "x-site") == "yes");
    CHECK(field(rig.get("localhost", "/old//evil.org"), "location") == "/new/evil.org");

    const auto cut = rig.get("localhost", "/cut/one.txt");
    CHECK(cut.body == "one");
    CHECK(field(cut, "x-site") == "yes");
    CHECK(field(cut, "x-route") == "cut");
    CHECK(rig.get("localhost", "/cut/").body == "<p>index");
    CHECK(field(rig.get("localhost", "/cut?q"), "location") == "/cut/?q");

    const auto absent = rig.get("localhost", "/nothing");
    CHECK(absent.status == 404);
    CHECK(absent.body == "<p>not here");
    CHECK(field(absent, "x-site") == "yes");
    const auto wrong = rig.get("localhost", "/only");
    CHECK(wrong.status == 405);
    CHECK(wrong.body == "<p>not here");
    CHECK(field(wrong, "allow") == "POST, OPTIONS");
    CHECK(rig.ask("OPTIONS", "localhost", "/only").status == 204);
  });
}

TEST_CASE("Other hosts of a site lead to its canonical one in one hop") {
  const std::vector<SiteSpec> sites{{.hosts = {"localhost", "127.0.0.1"},
                                     .canonical = "localhost",
                                     .routes = {{.action = RespondSpec{.body = "here"}}}}};
  over_each(sites, [](SiteRig& rig) {
    CHECK(rig.get("localhost", "/x").body == "here");
    const auto other = rig.get("127.0.0.1:8443", "/x//y?z");
    CHECK(other.status == 308);
    CHECK(field(other, "location") == "https://localhost/x//y?z");
  });
}
