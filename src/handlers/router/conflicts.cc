#include "handlers/router/conflicts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.h"
#include "handlers/glob.h"
#include "handlers/router/route_table.h"

namespace troika {
namespace {

// Whether `path` is `prefix` or below it.
bool is_below(std::string_view path, std::string_view prefix) noexcept {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::string_view without_slash(std::string_view path) noexcept {
  return path.starts_with('/') ? path.substr(1) : path;
}

// A route with its glob ready.
struct Route {
  explicit Route(const RouteSpec& s) : spec(s) {
    if (s.match == RouteSpec::Match::glob) glob.emplace(s.pattern);
  }
  const RouteSpec& spec;
  std::optional<Glob> glob{};
};

// All that `glob` matches.
bool is_below(const Glob& glob, std::string_view prefix) {
  const std::string_view top = without_slash(prefix), beginning = glob.beginning();
  if (top.empty()) return true;
  // "api*" is not below "api", but "api/*" is.
  return is_below(beginning, top) && (glob.is_one_path() || beginning.size() > top.size());
}

bool glob_takes(const Glob& earlier, const Route& later) {
  const std::string path(without_slash(later.spec.pattern));
  switch (later.spec.match) {
    case RouteSpec::Match::all: return earlier.is_open() && earlier.beginning().empty();
    case RouteSpec::Match::path: return earlier.matches(path.c_str());
    case RouteSpec::Match::prefix:  // with or without a slash at its end
      return earlier.is_open() &&
             std::string_view(path).substr(0, prefix_size(path)).starts_with(earlier.beginning());
    case RouteSpec::Match::glob:
      return (earlier.is_open() && later.glob->beginning().starts_with(earlier.beginning())) ||
             (later.glob->is_one_path() && earlier.matches(path.c_str()));
  }
  return false;
}

bool takes_paths_of(const Route& earlier, const Route& later) {
  using enum RouteSpec::Match;
  const std::string_view wide = earlier.spec.pattern, narrow = later.spec.pattern;
  if (earlier.spec.match == later.spec.match && wide == narrow) return true;
  switch (earlier.spec.match) {
    case all: return true;
    case path: return later.glob && later.glob->is_one_path() && wide == narrow;
    case prefix:
      if (later.glob) return is_below(*later.glob, wide);
      return later.spec.match == all ? wide == "/" : is_below(narrow, wide);
    case glob: return glob_takes(*earlier.glob, later);
  }
  return false;
}

bool takes_method(const RouteSpec& route, std::string_view method) {
  return std::ranges::contains(route.methods, method) ||
         (method == "HEAD" && std::ranges::contains(route.methods, "GET"));
}

bool takes_methods_of(const RouteSpec& earlier, const RouteSpec& later) {
  if (earlier.methods.empty()) return true;
  return !later.methods.empty() && std::ranges::all_of(later.methods, [&](const auto& method) {
    return takes_method(earlier, method);
  });
}

// Every request; false when that cannot be told from the two.
bool takes_all_of(const Route& earlier, const Route& later) {
  return takes_methods_of(earlier.spec, later.spec) && takes_paths_of(earlier, later);
}

std::string name_of(const RouteSpec& route) {
  switch (route.match) {
    case RouteSpec::Match::all: return "the route for all paths";
    case RouteSpec::Match::path: return formatted("the route for the path {}", route.pattern);
    case RouteSpec::Match::prefix: return formatted("the route for the prefix {}", route.pattern);
    case RouteSpec::Match::glob: return formatted("the route for the glob {}", route.pattern);
  }
  return "";
}

class Search {
 public:
  std::vector<Conflict> find(std::span<const SiteSpec> sites) {
    for (const SiteSpec& site : sites) {
      look_at_hosts(site);
      look_at_canonical(site);
      look_at_routes(site.routes);
    }
    std::ranges::stable_sort(found_, {}, &Conflict::at);
    return std::move(found_);
  }

 private:
  void look_at_hosts(const SiteSpec& site) {
    if (site.hosts.empty()) {
      if (other_hosts_ == nullptr) {
        other_hosts_ = &site.written;
        return;
      }
      found_.push_back({site.written, *other_hosts_,
                        "two sites have no hosts, and only one can take the requests for hosts "
                        "that no other site has: give one of them `hosts`"});
    }
    for (std::size_t i = 0; i < site.hosts.size(); ++i) {
      const Written& at = i < site.hosts_written.size() ? site.hosts_written[i] : site.written;
      const auto [first, added] = hosts_.try_emplace(site.hosts[i], at);
      if (added) continue;
      found_.push_back(
          {at, first->second,
           formatted("the host {} is there twice: leave one of them out", site.hosts[i])});
    }
  }

  void look_at_canonical(const SiteSpec& site) {
    const std::string& name = site.canonical;
    if (name.empty() || (std::ranges::contains(site.hosts, name) && !name.contains('*'))) return;
    const Written& at = site.canonical_written == Written{} ? site.written : site.canonical_written;
    const std::string_view mend =
        name.contains('*') ? "write one host without a star" : "add it to `hosts`";
    found_.push_back(
        {at, site.written,
         formatted("canonical is {}, which is none of the hosts of this site: {}", name, mend)});
  }

  // Routes that sites share are looked at once.
  void look_at_routes(const std::vector<RouteSpec>& routes) {
    if (routes.empty()) return;
    const bool in_a_file = routes.front().written.line != 0;
    if (in_a_file && !seen_.insert(routes.front().written).second) return;
    std::vector<Route> earlier;
    for (const RouteSpec& spec : routes) {
      const Route& route = earlier.emplace_back(spec);
      const auto wider = std::ranges::find_if(
          earlier, [&](const Route& other) { return takes_all_of(other, route); });
      if (&*wider == &route) continue;
      found_.push_back({spec.written, wider->spec.written,
                        formatted("no request reaches {}: {} comes first and takes all of them; "
                                  "put the narrower one first, or leave it out",
                                  name_of(spec), name_of(wider->spec))});
    }
  }

  std::vector<Conflict> found_;
  std::map<std::string_view, Written> hosts_;
  const Written* other_hosts_ = nullptr;
  std::set<Written> seen_;
};

}  // namespace

std::vector<Conflict> find_conflicts(std::span<const SiteSpec> sites) {
  return Search().find(sites);
}

}  // namespace troika
