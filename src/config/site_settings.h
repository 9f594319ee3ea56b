#pragma once
#include <span>
#include <type_traits>
#include <variant>

#include "config/config.h"
#include "config/settings.h"

namespace troika {

// The keys of sites and their routes, in the order of the documentation: "site.hosts",
// "site.route.root". Those of [[routes.NAME]] are the ones of [[site.route]]. A route's action
// comes before what depends on it.
std::span<const Setting> site_settings() noexcept;

// Whoever reads or writes one site, or one route, has a tree with that one alone.
inline constexpr auto kSite = [](auto& config) -> auto& { return config.sites.front(); };
inline constexpr auto kRoute = [](auto& config) -> auto& { return kSite(config).routes.front(); };

// The route's action; a tree that is written to gets this one, if it has another.
template <class Spec>
inline constexpr auto kAction = [](auto& config) -> auto& {
  auto& action = kRoute(config).action;
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(action)>>) {
    if (!std::holds_alternative<Spec>(action)) action.template emplace<Spec>();
  }
  return std::get<Spec>(action);
};

}  // namespace troika
