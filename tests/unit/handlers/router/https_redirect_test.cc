#include <catch2/catch_test_macros.hpp>

#include "handlers/router/router.h"
#include "unit/handlers/files/handler_bench.h"

using namespace troika;
using namespace troika::test;

namespace {

HandlerCall redirect(std::uint16_t port, std::string authority, std::string target,
                     std::vector<SiteSpec> sites = {SiteSpec{.routes = {RouteSpec{}}}}) {
  Bench bench;
  Request request;
  request.authority = std::move(authority);
  request.target.raw = std::move(target);
  HttpsRedirect handler(std::make_shared<const SiteTable>(std::move(sites)), port);
  return {bench, handler, std::move(request)};
}

}  // namespace

TEST_CASE("A redirect to https keeps host and target, and changes the port") {
  struct Row {
    std::uint16_t port;
    std::string authority, target, location;
  };
  for (const Row& row :
       std::initializer_list<Row>{{443, "example.org", "/a?b", "https://example.org/a?b"},
                                  {443, "example.org:80", "/", "https://example.org/"},
                                  {443, "a", "/@b%2fc", "https://a/@b%2fc"},
                                  {8443, "example.org:8080", "/", "https://example.org:8443/"},
                                  {8443, "[::1]:8080", "/", "https://[::1]:8443/"},
                                  {443, "[::1]", "/", "https://[::1]/"},
                                  {443, "a", "//evil.example/", "https://a//evil.example/"}}) {
    const HandlerCall call = redirect(row.port, row.authority, row.target);
    CHECK(call.job == nullptr);
    CHECK(call.status() == 308);
    CHECK(call.field("location") == row.location);
  }
}

TEST_CASE("Without a host, or for OPTIONS *, there is nowhere to go: 400") {
  CHECK(redirect(443, "", "/").status() == 400);
  CHECK(redirect(443, "a", "*").status() == 400);
}

TEST_CASE("A redirect to https leads to the canonical host at once, and knows the hosts") {
  const std::vector<SiteSpec> sites{{.hosts = {"a.org", "www.a.org", "*.a.org"},
                                     .canonical = "a.org",
                                     .headers = {{"x-site", "a"}},
                                     .routes = {RouteSpec{}}}};
  for (const char* const host : {"a.org", "A.org:80", "www.a.org", "x.a.org"}) {
    const HandlerCall call = redirect(8443, host, "/x?y", sites);
    CAPTURE(host);
    CHECK(call.status() == 308);
    CHECK(call.field("x-site") == "a");
  }
  CHECK(redirect(8443, "www.a.org:80", "/x?y", sites).field("location") ==
        "https://a.org:8443/x?y");
  CHECK(redirect(443, "x.a.org", "/", sites).field("location") == "https://a.org/");
  CHECK(redirect(443, "b.org", "/", sites).status() == 421);
  CHECK(redirect(443, "", "/", sites).status() == 400);
}
