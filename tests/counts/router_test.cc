// What finding a site and a route costs.
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "counts/counters.h"
#include "handlers/router/site_table.h"

namespace troika::counts {

TEST_CASE("A site and a route are found without allocating") {
  using Match = RouteSpec::Match;
  SiteSpec site{.hosts = {"example.org", "*.example.org"}};
  site.routes = {{.match = Match::path, .pattern = "/a/rather/long/path/that/is/exact"},
                 {.match = Match::prefix, .pattern = "/a/rather/long/prefix/of/others"},
                 {.match = Match::glob, .pattern = "/**/a/rather/long/glob/**/*.js"}};
  const SiteTable table({site, SiteSpec{.routes = {RouteSpec{}}}});
  const std::array<std::string, 4> paths{
      "/a/rather/long/path/that/is/exact", "/a/rather/long/prefix/of/others/and/more",
      "/b/a/rather/long/glob/c/d.js", "/a/rather/long/path/that/nobody/takes"};
  const Counters before = of_this_thread();
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < paths.size(); ++i) {
    sum += table.find("A.Rather.Long.Name.Example.ORG:8443") == table.find("nowhere") ? 1U : 0U;
    const SiteTable::Site& found = *table.find("Some.Example.ORG:8443");
    sum += found.routes.find(paths[i], Method::get, "GET") == i ? 1U : 0U;
  }
  CHECK((of_this_thread() - before).allocations == 0);
  CHECK(sum == 4 + 3);
}

}  // namespace troika::counts
