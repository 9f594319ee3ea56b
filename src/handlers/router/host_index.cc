#include "handlers/router/host_index.h"

#include <array>

#include "base/text.h"
#include "http/exchange/authority.h"

namespace troika {
namespace {

constexpr std::size_t kMostBytes = 255;  // RFC 1035 §2.3.4; no longer name is in the DNS

}  // namespace

std::string_view name_in(std::string_view authority) noexcept {
  std::string_view name = host_of(authority);
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

HostIndex::HostIndex(std::span<const SiteSpec> sites) {
  for (std::uint32_t i = 0; i < sites.size(); ++i) {
    if (sites[i].hosts.empty() && others_ == kNone) others_ = i;
    for (const std::string_view host : sites[i].hosts) {
      if (host.starts_with("*.")) {
        below_.emplace(host.substr(2), i);
      } else {
        exact_.emplace(host, i);
      }
    }
  }
}

std::uint32_t HostIndex::find(std::string_view authority) const noexcept {
  if (exact_.empty() && below_.empty()) return others_;
  const std::string_view sent = name_in(authority);
  if (sent.empty() || sent.size() > kMostBytes) return others_;
  std::array<char, kMostBytes> lower;  // not set: all that is read is written first
  const std::string_view name(lower.data(), ascii::copy_lower(sent, lower.data()));
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  if (below_.empty()) return others_;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return others_;
  const auto found = below_.find(name.substr(dot + 1));
  return found != below_.end() ? found->second : others_;
}

}  // namespace troika
