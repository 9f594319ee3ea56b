#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "handlers/router/host_index.h"
#include "handlers/router/route_table.h"
#include "handlers/site_spec.h"

namespace troika {

// An action of routes, with what their sites add to it: files have all of it in their options.
struct SiteAction {
  ActionSpec spec;
  std::vector<SiteOptions::HeaderRule> headers{};  // of every response; not of files
  bool operator==(const SiteAction&) const = default;
};

// Sites and their routes, ready for requests: the same for all workers, and never changed.
class SiteTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // What a route leads to.
  struct Way {
    std::uint32_t action;  // its number
    std::uint32_t cut;     // bytes of the path that the action does not see
  };
  struct Site {
    const SiteSpec& spec;
    RouteTable routes;
    std::vector<Way> ways;  // by route
    std::uint32_t pages;    // the action that has the pages for errors; kNone
  };

  // There are no conflicts (conflicts.h), and each redirect is one that parse_redirect() takes.
  explicit SiteTable(std::vector<SiteSpec> sites);
  SiteTable(const SiteTable&) = delete;
  SiteTable& operator=(const SiteTable&) = delete;

  // The site that serves the host of an authority; null: there is none.
  const Site* find(std::string_view authority) const noexcept {
    const std::uint32_t number = hosts_.find(authority);
    return number == HostIndex::kNone ? nullptr : &sites_[number];
  }
  const std::vector<SiteSpec>& specs() const noexcept { return specs_; }
  // Routes that do the same, of whatever site, share one.
  const std::vector<SiteAction>& actions() const noexcept { return actions_; }

 private:
  class Actions;

  const std::vector<SiteSpec> specs_;
  const HostIndex hosts_;
  std::vector<Site> sites_;
  std::vector<SiteAction> actions_;
};

// What the site serves in place of a host: its canonical one; empty: nothing, the host is served as
// it is.
std::string_view canonical_instead_of(const SiteSpec& site, std::string_view authority) noexcept;

}  // namespace troika
