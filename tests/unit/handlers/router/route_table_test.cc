#include "handlers/router/route_table.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "support/words.h"

using namespace troika;

namespace {

using Match = RouteSpec::Match;

// "=" a path, "^" a prefix, "~" a glob, "." all; then a comma and methods, if not all.
std::vector<RouteSpec> routes_of(const std::string& line) {
  std::vector<RouteSpec> routes;
  for (const std::string& word : test::words_of(line)) {
    const std::size_t comma = std::min(word.find(','), word.size());
    RouteSpec& route = routes.emplace_back();
    switch (word.front()) {
      case '=': route.match = Match::path; break;
      case '^': route.match = Match::prefix; break;
      case '~': route.match = Match::glob; break;
      default: route.match = Match::all;
    }
    if (route.match != Match::all) route.pattern = word.substr(1, comma - 1);
    std::string methods = word.substr(comma);
    std::ranges::replace(methods, ',', ' ');
    route.methods = test::words_of(methods);
  }
  return routes;
}

}  // namespace

TEST_CASE("The first route that takes path and method gets the request") {
  constexpr int kNobody = -1;
  const struct {
    const char *routes, *method, *path;
    int found;
  } rows[] = {
      {".", "GET", "/", 0},
      {".", "OPTIONS", "*", 0},
      {"^/", "OPTIONS", "*", kNobody},
      {"=/x", "GET", "/x", 0},
      {"=/x", "GET", "/x/", kNobody},
      {"=/x", "GET", "/X", kNobody},
      {"=/", "GET", "/", 0},
      {"^/api", "GET", "/api", 0},
      {"^/api", "GET", "/api/", 0},
      {"^/api", "GET", "/api/v1/x", 0},
      {"^/api", "GET", "/apix", kNobody},
      {"^/api/", "GET", "/api", 0},
      {"^/api/", "GET", "/api/x", 0},
      {"^/", "GET", "/", 0},
      {"^/", "GET", "/x/y", 0},
      {"^/a/b", "GET", "/a", kNobody},
      {"~/*.js", "GET", "/a/b.js", 0},
      {"~/*.js", "GET", "/a/b.css", kNobody},
      {"~/**/x", "GET", "/x", 0},
      {"~/a?c", "GET", "/abc", 0},
      // The order of the file, whatever the kind.
      {". =/x", "GET", "/x", 0},
      {"=/x .", "GET", "/x", 0},
      {"=/y .", "GET", "/x", 1},
      {"^/a =/a/b", "GET", "/a/b", 0},
      {"=/a/b ^/a", "GET", "/a/b", 0},
      {"^/a/b ^/a .", "GET", "/a/b/c", 0},
      {"^/a ^/a/b .", "GET", "/a/b/c", 0},
      {"^/a/b ^/a .", "GET", "/a/c", 1},
      {"^/a/b ^/a .", "GET", "/ab", 2},
      {"~/*.js ^/a", "GET", "/a/x.js", 0},
      {"^/a ~/*.js", "GET", "/a/x.js", 0},
      {"~/*.js ^/a", "GET", "/a/x", 1},
      {"~/a/* ~/*.js .", "GET", "/b/x.js", 1},
      // Methods.
      {".,GET", "GET", "/", 0},
      {".,GET", "HEAD", "/", 0},
      {".,HEAD", "GET", "/", kNobody},
      {".,GET", "POST", "/", kNobody},
      {".,GET .,POST", "POST", "/", 1},
      {"=/x,POST ^/x", "GET", "/x", 1},
      {"=/x,POST ^/x", "POST", "/x", 0},
      {"~/x*,POST ~/x", "GET", "/x", 1},
      {".,PURGE", "PURGE", "/", 0},
      {".,PURGE", "purge", "/", kNobody},
      {".,PURGE,GET", "BREW", "/", kNobody},
      {".", "BREW", "/", 0},
      {"=/x,GET =/x,POST =/x", "PUT", "/x", 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.routes, row.method, row.path);
    const auto routes = routes_of(row.routes);
    const RouteTable table(routes);
    const auto found = table.find(row.path, method_from(row.method), row.method);
    CHECK(found ==
          (row.found == kNobody ? RouteTable::kNone : static_cast<std::uint32_t>(row.found)));
  }
}

TEST_CASE("The methods of all routes that take a path are allowed, and OPTIONS") {
  const struct {
    const char *routes, *path, *allowed;
  } rows[] = {
      {"=/x,GET", "/x", "GET, HEAD, OPTIONS"},
      {"=/x,POST", "/x", "POST, OPTIONS"},
      {"=/x,POST ^/x,GET ~/x*,PURGE .,DELETE", "/x", "GET, HEAD, POST, DELETE, OPTIONS, PURGE"},
      {"=/x,PURGE ^/x,PURGE", "/x", "OPTIONS, PURGE"},
      {"=/x,POST ^/y,GET", "/x", "POST, OPTIONS"},
      {"=/x,POST", "/y", ""},
      {"^/x,POST", "/xy", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.routes, row.path);
    const auto routes = routes_of(row.routes);
    CHECK(RouteTable(routes).allowed(row.path) == row.allowed);
  }
}
