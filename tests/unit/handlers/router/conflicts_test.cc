#include "handlers/router/conflicts.h"

#include <catch2/catch_test_macros.hpp>

#include "support/words.h"

using namespace troika;

namespace {

using Match = RouteSpec::Match;

RouteSpec route(Match match, std::string pattern, std::string_view methods = "",
                std::uint32_t line = 0) {
  RouteSpec spec{.match = match, .pattern = std::move(pattern)};
  for (const std::string& method : test::words_of(std::string(methods).c_str())) {
    spec.methods.push_back(method);
  }
  spec.written.line = line;
  return spec;
}

RouteSpec written_as(std::string_view text) {
  const std::size_t space = text.find(' ');
  const std::string_view pattern = text.substr(0, space);
  const std::string_view methods =
      space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  switch (pattern.front()) {
    case '=': return route(Match::path, std::string(pattern.substr(1)), methods);
    case '^': return route(Match::prefix, std::string(pattern.substr(1)), methods);
    case '~': return route(Match::glob, std::string(pattern.substr(1)), methods);
    default: return route(Match::all, "", methods);
  }
}

}  // namespace

TEST_CASE("A route that no request reaches is found") {
  // "=" a path, "^" a prefix, "~" a glob, "." all; then methods.
  const struct {
    std::string_view earlier, later;
    bool unreachable;
  } rows[] = {
      {".", "=/x", true},
      {".", ".", true},
      {". GET", ".", false},
      {". GET", ". GET", true},
      {". GET", ". HEAD", true},
      {". GET", ". GET POST", false},
      {". GET POST", ". POST", true},
      {". HEAD", ". GET", false},
      {"=/x", "=/x", true},
      {"=/x", "=/y", false},
      {"=/x", "^/x", false},
      {"=/x", "~/x", true},
      {"=/x", "~/x*", false},
      {"=/x", ".", false},
      {"^/api", "=/api", true},
      {"^/api", "=/api/x", true},
      {"^/api/", "=/api", true},
      {"^/api", "=/apix", false},
      {"^/api", "^/api/v1", true},
      {"^/api/v1", "^/api", false},
      {"^/api", "^/api/", true},
      {"^/api/", "^/api", true},
      {"^/", ".", true},
      {"^/", "=/x", true},
      {"^/", "~/*.js", true},
      {"^/api", "~/api/*.js", true},
      {"^/api", "~/api*", false},
      {"^/api", "~/api", true},
      {"^/api", "~/apix", false},
      {"^/api POST", "~/api/*", false},
      {"~/api/*", "=/api/x", true},
      {"~/api/*", "=/api", false},
      {"~/api/*", "^/api", false},
      {"~/api/*", "^/api/v1", true},
      {"~/api/*", "^/api/", false},
      {"~/api*", "^/api", true},
      {"~/*", ".", true},
      {"~/**", ".", true},
      {"~/*.js", ".", false},
      {"~/*.js", "=/a/b.js", true},
      {"~/*.js", "~/*.js", true},
      {"~/*.js", "~/a.js", true},
      {"~/*.js", "~/a/*.js", false},  // it is, but who can tell
      {"~/a/*", "~/a/*.js", true},
      {"~/a/*.js", "~/a/*", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.earlier, row.later);
    const std::vector<SiteSpec> sites{{.routes = {written_as(row.earlier), written_as(row.later)}}};
    CHECK(find_conflicts(sites).size() == (row.unreachable ? 1 : 0));
  }
}

TEST_CASE("A conflict names both places") {
  const std::vector<SiteSpec> sites{
      {.hosts = {"a.org", "*.a.org"},
       .hosts_written = {{1, 2, 1}, {1, 2, 9}},
       .canonical = "*.a.org",
       .canonical_written = {1, 3, 1},
       .routes = {route(Match::path, "/x", "", 5), route(Match::prefix, "/api", "", 6),
                  route(Match::path, "/api/x", "GET", 7)},
       .written = {1, 1, 1}},
      {.hosts = {"b.org", "a.org", "b.org"}, .canonical = "c.org", .written = {1, 10, 1}},
      {.written = {1, 20, 1}},
      {.written = {2, 1, 1}},
  };
  const auto found = find_conflicts(sites);
  REQUIRE(found.size() == 6);
  CHECK(
      found[0].text.starts_with("no request reaches the route for the path /api/x: the route "
                                "for the prefix /api comes first"));
  CHECK(found[0].at == Written{0, 7, 0});
  CHECK(found[0].other == Written{0, 6, 0});
  CHECK(found[1].text.starts_with("canonical is *.a.org, which is none of the hosts"));
  CHECK(found[1].at == Written{1, 3, 1});
  CHECK(found[1].other == Written{1, 1, 1});
  CHECK(found[2].text.starts_with("the host a.org is there twice"));
  CHECK(found[2].at == Written{1, 10, 1});
  CHECK(found[2].other == Written{1, 2, 1});
  CHECK(found[3].text.starts_with("the host b.org is there twice"));
  CHECK(found[4].text.starts_with("canonical is c.org"));
  CHECK(found[5].text.starts_with("two sites have no hosts"));
  CHECK(found[5].at == Written{2, 1, 1});
  CHECK(found[5].other == Written{1, 20, 1});
}

TEST_CASE("Routes that sites share are looked at once, and the command line's each time") {
  const std::vector<RouteSpec> shared{route(Match::all, "", "", 8), route(Match::all, "", "", 9)};
  CHECK(find_conflicts(std::vector<SiteSpec>{{.hosts = {"a"}, .routes = shared},
                                             {.hosts = {"b"}, .routes = shared}})
            .size() == 1);
  CHECK(find_conflicts(std::vector<SiteSpec>{{.routes = {RouteSpec{}}}}).empty());
}
