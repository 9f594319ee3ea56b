#include "handlers/router/site_table.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "handlers/route_action.h"

namespace troika {
namespace {

// What is only one thing's own among the many that may be alike.
std::string_view mark_of(const ActionSpec& spec) noexcept {
  if (const auto* files = std::get_if<FilesSpec>(&spec)) return files->root;
  if (const auto* redirect = std::get_if<RedirectSpec>(&spec)) return redirect->to;
  if (const auto* respond = std::get_if<RespondSpec>(&spec)) return respond->body;
  return {};
}

SiteAction action_of(const SiteSpec& site, const RouteSpec& route) {
  SiteAction action{.spec = route.action, .headers = merged_fields(site.headers, route.headers)};
  auto* const files = std::get_if<FilesSpec>(&action.spec);
  if (files == nullptr) return action;
  files->options.headers = merged_fields(std::exchange(action.headers, {}), files->options.headers);
  auto& pages = files->options.error_pages;
  for (const auto& page : site.error_pages) {
    const auto is_same = [&](const auto& own) { return own.first == page.first; };
    if (std::ranges::none_of(pages, is_same)) pages.push_back(page);
  }
  return action;
}

}  // namespace

// While the table is made.
class SiteTable::Actions {
 public:
  explicit Actions(std::vector<SiteAction>& all) : all_(all) {}

  std::uint32_t number_of(SiteAction&& action) {
    const std::size_t hash = std::hash<std::string_view>()(mark_of(action.spec));
    const auto [first, last] = numbers_.equal_range(hash);
    const auto same =
        std::find_if(first, last, [&](const auto& known) { return all_[known.second] == action; });
    if (same != last) return same->second;
    const auto number = static_cast<std::uint32_t>(all_.size());
    all_.push_back(std::move(action));
    numbers_.emplace(hash, number);
    return number;
  }

 private:
  std::vector<SiteAction>& all_;
  std::unordered_multimap<std::size_t, std::uint32_t> numbers_;  // by what mark_of() says
};

SiteTable::SiteTable(std::vector<SiteSpec> sites) : specs_(std::move(sites)), hosts_(specs_) {
  Actions actions(actions_);
  sites_.reserve(specs_.size());
  for (const SiteSpec& spec : specs_) {
    Site& site = sites_.emplace_back(Site{spec, RouteTable(spec.routes), {}, kNone});
    site.ways.reserve(spec.routes.size());
    for (const RouteSpec& route : spec.routes) {
      // A redirect fills in what is left, whether or not it is cut for others.
      const bool cuts = route.match == RouteSpec::Match::prefix &&
                        (route.strip_prefix || std::holds_alternative<RedirectSpec>(route.action));
      const std::uint32_t number = actions.number_of(action_of(spec, route));
      site.ways.push_back(
          {number, cuts ? static_cast<std::uint32_t>(prefix_size(route.pattern)) : 0});
      const bool has_pages = std::holds_alternative<FilesSpec>(route.action);
      if (has_pages && site.pages == kNone) site.pages = number;
    }
  }
  actions_.shrink_to_fit();
}

std::string_view canonical_instead_of(const SiteSpec& site, std::string_view authority) noexcept {
  if (site.canonical.empty() || ascii::equal_lower(name_in(authority), site.canonical)) return {};
  return site.canonical;
}

}  // namespace troika
