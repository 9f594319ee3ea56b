#include "handlers/router/route_table.h"

#include <algorithm>
#include <array>

namespace troika {
namespace {

constexpr std::uint16_t bit(Method method) noexcept {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(method));
}

}  // namespace

std::size_t prefix_size(std::string_view pattern) noexcept {
  return pattern.size() - (pattern.ends_with('/') ? 1 : 0);
}

bool RouteTable::Methods::take(Method method, std::string_view text) const noexcept {
  if (all.empty()) return true;
  if (method != Method::other) return (known & bit(method)) != 0;
  return std::ranges::contains(all, text);
}

RouteTable::RouteTable(std::span<const RouteSpec> routes) {
  for (std::uint32_t i = 0; i < routes.size(); ++i) {
    const RouteSpec& route = routes[i];
    Methods& methods = methods_.emplace_back(Methods{.all = route.methods});
    for (const std::string& name : route.methods) {
      const Method method = method_from(name);
      methods.known |= bit(method);
      if (method == Method::get) methods.known |= bit(Method::head);  // RFC 9110 §9.3.2
    }
    const std::string_view pattern = route.pattern;
    switch (route.match) {
      case RouteSpec::Match::all: any_path_.push_back(i); break;
      case RouteSpec::Match::path: paths_[pattern].push_back(i); break;
      case RouteSpec::Match::prefix: {
        const std::size_t size = prefix_size(pattern);
        prefixes_[pattern.substr(0, size)].push_back(i);
        const auto at = std::ranges::lower_bound(prefix_sizes_, size);
        if (at == prefix_sizes_.end() || *at != size) prefix_sizes_.insert(at, size);
        break;
      }
      case RouteSpec::Match::glob: globs_.emplace_back(i, Glob(pattern)); break;
    }
  }
}

// Calls `visit` with the numbers of routes that take the path, in groups. It returns the number
// from which on it needs no more.
template <class Visit>
void RouteTable::visit_matches(const std::string& path, Visit visit) const {
  std::uint32_t below = visit(std::span(any_path_));
  if (!path.starts_with('/')) return;  // OPTIONS *
  const auto look_up = [&](const ByText& in, std::string_view text) {
    if (const auto found = in.find(text); found != in.end())
      below = visit(std::span(found->second));
  };
  if (!paths_.empty()) look_up(paths_, path);
  for (const std::size_t size : prefix_sizes_) {
    if (size > path.size()) break;
    const bool whole_segment = size == path.size() || path[size] == '/';
    if (whole_segment) look_up(prefixes_, std::string_view(path).substr(0, size));
  }
  for (const auto& [number, glob] : globs_) {
    if (number >= below) break;
    if (glob.matches(path.c_str() + 1)) below = visit(std::span(&number, 1));
  }
}

std::uint32_t RouteTable::find(const std::string& path, Method method,
                               std::string_view text) const noexcept {
  std::uint32_t first = kNone;
  visit_matches(path, [&](std::span<const std::uint32_t> numbers) {
    for (const std::uint32_t number : numbers) {
      if (number >= first) break;
      if (!methods_[number].take(method, text)) continue;
      first = number;
      break;
    }
    return first;
  });
  return first;
}

std::string RouteTable::allowed(const std::string& path) const {
  bool found = false;
  std::uint16_t known = bit(Method::options);
  std::vector<std::string_view> others;
  visit_matches(path, [&](std::span<const std::uint32_t> numbers) {
    for (const std::uint32_t number : numbers) {
      found = true;
      known |= methods_[number].known;
      for (const std::string& name : methods_[number].all) {
        if (method_from(name) == Method::other && !std::ranges::contains(others, name)) {
          others.push_back(name);
        }
      }
    }
    return kNone;
  });
  std::string list;
  if (!found) return list;
  const auto add = [&](std::string_view name) {
    list.append(list.empty() ? "" : ", ").append(name);
  };
  for (std::size_t i = 0; i < kMethodNames.size(); ++i) {
    if ((known & bit(static_cast<Method>(i))) != 0) add(kMethodNames[i]);
  }
  for (const std::string_view name : others) add(name);
  return list;
}

}  // namespace troika
