#include "admission/places.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace troika {
namespace {

using Prefix = PlaceGroup::Prefix;

// The first byte says what follows.
enum class Kind : std::uint8_t { none, loopback, ipv4, ipv6, site };

constexpr std::size_t kAddressesOfSite = 4;  // a /48 counts as a quarter of its places
// Groups that are looked at for one that can give way: the largest may have active ones alone.
constexpr int kLooks = 16;

Prefix prefix(Kind kind, std::span<const std::uint8_t> bytes = {}) noexcept {
  Prefix result{};
  result.front() = static_cast<std::uint8_t>(kind);
  std::ranges::copy(bytes, result.begin() + 1);
  return result;
}

Kind kind_of(const Prefix& prefix) noexcept { return static_cast<Kind>(prefix.front()); }

// Of a client: its own, and that of the site around it or none.
std::pair<Prefix, Prefix> prefixes_of(const Address& client) noexcept {
  if (client.is_loopback()) return {prefix(Kind::loopback), prefix(Kind::none)};
  if (client.family() == AF_INET6) {
    sockaddr_in6 address;
    std::memcpy(&address, client.get(), sizeof address);
    const std::span<const std::uint8_t> bytes(address.sin6_addr.s6_addr);
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
      return {prefix(Kind::ipv4, bytes.subspan(12)), prefix(Kind::none)};
    }
    return {prefix(Kind::ipv6, bytes.first(8)), prefix(Kind::site, bytes.first(6))};
  }
  sockaddr_in address{};
  if (client.family() == AF_INET) std::memcpy(&address, client.get(), sizeof address);
  std::array<std::uint8_t, 4> bytes;
  std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
  return {prefix(Kind::ipv4, bytes), prefix(Kind::none)};
}

constexpr std::size_t share(Kind kind, std::size_t places) noexcept {
  return kind == Kind::site ? places / kAddressesOfSite : places;
}

bool has_share(const Prefix& prefix) noexcept { return kind_of(prefix) > Kind::loopback; }

}  // namespace

Place::Place(Places& places, const Address& client, Occupant& occupant)
    : places_(places), occupant_(occupant) {
  const auto [own, site] = prefixes_of(client);
  memberships_[0].group = &places.all_;
  ++places.all_.places;
  memberships_[1].group = &places.join(own);
  if (kind_of(site) != Kind::none) memberships_[2].group = &places.join(site);
  for (Membership& each : memberships_) each.node = each.link.insert(each.link.end(), this);
  wait_in_groups();
}

void Place::set(Use use) noexcept {
  if (use == use_ || !taken_) return;
  if (use_ != Use::active) stop_waiting();
  use_ = use;
  if (use_ != Use::active) wait_in_groups();
}

void Place::wait_in_groups() noexcept {
  for (Membership& each : memberships_) {
    if (each.group == nullptr) continue;
    each.group->waiting.splice(each.group->waiting.end(), each.link);
  }
}

void Place::stop_waiting() noexcept {
  for (Membership& each : memberships_) {
    if (each.group == nullptr) continue;
    each.link.splice(each.link.end(), each.group->waiting, each.node);
  }
}

void Place::leave() noexcept {
  if (!std::exchange(taken_, false)) return;
  if (use_ != Use::active) stop_waiting();
  --places_.all_.places;
  for (Membership& each : std::span(memberships_).subspan(1)) {
    if (each.group != nullptr) places_.leave(*std::exchange(each.group, nullptr));
  }
}

bool Places::ByShare::operator()(const PlaceGroup* a, const PlaceGroup* b) const noexcept {
  const std::size_t of_a = share(kind_of(a->prefix), a->places);
  const std::size_t of_b = share(kind_of(b->prefix), b->places);
  return of_a != of_b ? of_a < of_b : a->prefix < b->prefix;
}

PlaceGroup& Places::join(const Prefix& prefix) {
  const auto [at, is_new] = groups_.try_emplace(prefix);
  PlaceGroup& group = at->second;
  group.prefix = prefix;
  if (is_new && has_share(prefix)) by_share_.insert(&group);
  count(group, group.places + 1);
  return group;
}

void Places::leave(PlaceGroup& group) noexcept {
  count(group, group.places - 1);
  if (group.places > 0) return;
  by_share_.erase(&group);
  groups_.erase(group.prefix);
}

void Places::count(PlaceGroup& group, std::size_t places) noexcept {
  auto rank = by_share_.extract(&group);
  group.places = places;
  if (rank) by_share_.insert(std::move(rank));
}

std::size_t Places::places_of(const Prefix& prefix) const noexcept {
  const auto at = groups_.find(prefix);
  return at != groups_.end() ? at->second.places : 0;
}

PlaceGroup* Places::largest_above(std::size_t own) const noexcept {
  int looks = kLooks;
  for (auto at = by_share_.rbegin(); at != by_share_.rend() && looks > 0; ++at, --looks) {
    PlaceGroup& group = **at;
    if (share(kind_of(group.prefix), group.places) <= own) break;
    if (!group.waiting.empty()) return &group;
  }
  return nullptr;
}

bool Places::replace(PlaceGroup* group) {
  if (group == nullptr || group->waiting.empty()) return false;
  Place& place = *group->waiting.front();
  place.leave();
  ++given_up_;
  place.occupant_.give_way();
  return true;
}

bool Places::admit(const Address& client, Newcomer newcomer) {
  if (!few(newcomer)) return true;
  const auto [own, site] = prefixes_of(client);
  std::size_t with_it = 0;
  if (has_share(own)) {
    with_it = std::max(share(kind_of(own), places_of(own) + 1),
                       share(kind_of(site), places_of(site) + 1));
  }
  if (replace(largest_above(with_it))) return true;
  if (taken() < most_for(newcomer)) return true;
  const auto mine = has_share(own) ? groups_.find(own) : groups_.end();
  return replace(mine != groups_.end() ? &mine->second : &all_);
}

}  // namespace troika
