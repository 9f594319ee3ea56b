#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "handlers/glob.h"
#include "handlers/site_spec.h"
#include "http/message/message.h"

namespace troika {

// Finds the first route of a list that takes a request. Exact paths and prefixes are looked up,
// however many there are; globs are tried one after the other.
class RouteTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The routes outlive the table.
  explicit RouteTable(std::span<const RouteSpec> routes);

  // The number of the route; kNone: no route takes the path with this method. `path` is as
  // Target::path, and `text` the method as it was sent. Does not allocate.
  std::uint32_t find(const std::string& path, Method method, std::string_view text) const noexcept;
  // The methods of all routes that take the path, and OPTIONS, as a value of Allow; empty: no route
  // takes it.
  std::string allowed(const std::string& path) const;

 private:
  // Which methods a route takes.
  struct Methods {
    std::uint16_t known = 0;             // a bit for each Method
    std::span<const std::string> all{};  // empty: any
    bool take(Method method, std::string_view text) const noexcept;
  };
  using Numbers = std::vector<std::uint32_t>;                    // of routes, ascending
  using ByText = std::unordered_map<std::string_view, Numbers>;  // views of the routes' patterns

  template <class Visit>
  void visit_matches(const std::string& path, Visit visit) const;

  std::vector<Methods> methods_;  // by route
  ByText paths_;
  ByText prefixes_;                                    // without a slash at the end, "" for "/"
  std::vector<std::size_t> prefix_sizes_;              // that there are, ascending
  std::vector<std::pair<std::uint32_t, Glob>> globs_;  // by route, ascending
  Numbers any_path_;
};

// The bytes of a prefix that a route cuts off: all but a slash at the end.
std::size_t prefix_size(std::string_view pattern) noexcept;

}  // namespace troika
