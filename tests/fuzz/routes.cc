// The table of routes finds what a walk over all routes finds. The input has a route a line ("=" a
// path, "^" a prefix, "~" a glob, "." all; then a space and methods apart by commas), an empty
// line, and then a request a line: a method, a space and a target.
#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fuzz/cases.h"
#include "handlers/router/conflicts.h"
#include "handlers/router/route_table.h"
#include "http/message/target.h"

namespace {

using namespace troika;
using fuzz::require;

std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

RouteSpec route_of(std::string_view line) {
  RouteSpec route;
  const std::string_view pattern = take(line, ' ');
  // As the configuration has them: no path has an empty segment.
  const bool path = pattern.size() > 1 && pattern[1] == '/' && !pattern.contains("//");
  if (pattern.size() > 1 && !pattern.contains('\0')) {
    if (pattern[0] == '=' && path) route.match = RouteSpec::Match::path;
    if (pattern[0] == '^' && path) route.match = RouteSpec::Match::prefix;
    if (pattern[0] == '~') route.match = RouteSpec::Match::glob;
    if (route.match != RouteSpec::Match::all) route.pattern = pattern.substr(1);
  }
  while (!line.empty()) {
    const std::string_view method = take(line, ',');
    if (ascii::is_token(method)) route.methods.emplace_back(method);
  }
  return route;
}

bool takes_path(const RouteSpec& route, const std::string& path) {
  if (route.match == RouteSpec::Match::all) return true;
  if (!path.starts_with('/')) return false;
  switch (route.match) {
    case RouteSpec::Match::path: return path == route.pattern;
    case RouteSpec::Match::prefix: {
      std::string folder = route.pattern;
      if (!folder.ends_with('/')) folder += '/';
      return (path + '/').starts_with(folder);
    }
    default: return matches_glob(route.pattern, path.substr(1));
  }
}

bool takes_method(const RouteSpec& route, std::string_view method) {
  return route.methods.empty() || std::ranges::contains(route.methods, method) ||
         (method == "HEAD" && std::ranges::contains(route.methods, "GET"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<SiteSpec> sites(1);
  std::vector<RouteSpec>& routes = sites.front().routes;
  while (!text.empty() && routes.size() < 64) {
    const std::string_view line = take(text, '\n');
    if (line.empty()) break;
    routes.push_back(route_of(line));
    routes.back().written.line = static_cast<std::uint32_t>(routes.size());
  }
  const RouteTable table(routes);
  std::vector<bool> reached(routes.size());
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view method = take(line, ' ');
    const auto target = parse_target(line);
    if (!target || !ascii::is_token(method)) continue;
    const std::string& path = target->path;
    const auto first = std::ranges::find_if(routes, [&](const RouteSpec& route) {
      return takes_path(route, path) && takes_method(route, method);
    });
    const bool none = first == routes.end();
    const auto expected = static_cast<std::uint32_t>(first - routes.begin());
    const std::uint32_t found = table.find(path, method_from(method), method);
    require(found == (none ? RouteTable::kNone : expected));
    if (!none) reached[expected] = true;
    const bool some =
        std::ranges::any_of(routes, [&](const RouteSpec& r) { return takes_path(r, path); });
    require(table.allowed(path).empty() == !some);
  }
  // A route that is said to be never reached is not, but by OPTIONS *, which has no path.
  for (const Conflict& conflict : find_conflicts(sites)) {
    const RouteSpec& route = routes[conflict.at.line - 1];
    require(conflict.other.line < conflict.at.line);
    require(!reached[conflict.at.line - 1] || route.match == RouteSpec::Match::all);
  }
  return 0;
}
