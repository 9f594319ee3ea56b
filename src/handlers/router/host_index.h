#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "handlers/site_spec.h"

namespace troika {

// Which site serves a host: an exact name goes before "*." and a name, and that before the site
// without hosts.
class HostIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The sites outlive the index.
  explicit HostIndex(std::span<const SiteSpec> sites);

  // The number of the site for an authority, whose port does not matter; kNone: no site has it.
  // An empty one, as HTTP/1.0 may have it, is for the site without hosts. Does not allocate.
  std::uint32_t find(std::string_view authority) const noexcept;

 private:
  using Sites = std::unordered_map<std::string_view, std::uint32_t>;  // views of the sites' hosts

  Sites exact_;
  Sites below_;  // by what follows "*."
  std::uint32_t others_ = kNone;
};

// The host of an authority as sites are found by it, but for its case: without a port and without
// the dot of the DNS root.
std::string_view name_in(std::string_view authority) noexcept;

}  // namespace troika
