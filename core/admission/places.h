#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <set>

#include "ports/address.h"

namespace troika {

// What the connection in a place is doing.
enum class Use : std::uint8_t {
  opening,  // its handshake goes on
  active,   // a request is open, or bytes wait to be sent: it never gives way
  idle,     // nothing is open and nothing waits
};

class Place;
class Places;

// Who has a place, and ends when it has to give it up.
class Occupant {
 public:
  // The place is given up already, and the occupant is `opening` or `idle`. Ends the connection
  // now.
  virtual void give_way() noexcept = 0;

 protected:
  ~Occupant() = default;
};

// The places of one prefix of addresses, and those of them that can give way: what has been
// `opening` or `idle` for the longest comes first.
struct PlaceGroup {
  using Prefix = std::array<std::uint8_t, 9>;
  using Waiting = std::list<Place*>;

  Prefix prefix{};
  std::size_t places = 0;
  Waiting waiting{};
};

// A place that is taken, until it is destroyed or given up. In the beginning it is `opening`.
class Place {
 public:
  Place(Places& places, const Address& client, Occupant& occupant);  // they outlive it
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { leave(); }

  void set(Use use) noexcept;
  Use use() const noexcept { return use_; }

 private:
  friend class Places;
  struct Membership {
    PlaceGroup* group = nullptr;
    PlaceGroup::Waiting link{};  // the place's node, while it is not in the group's list
    PlaceGroup::Waiting::iterator node{};
  };

  void leave() noexcept;
  void wait_in_groups() noexcept;
  void stop_waiting() noexcept;

  Places& places_;
  Occupant& occupant_;
  std::array<Membership, 3> memberships_;  // all places, the address, and in IPv6 its /48
  Use use_ = Use::opening;
  bool taken_ = true;
};

// A limited number of places for connections, and who has to give way when they become few. While
// less than three quarters are taken, everybody gets one. From then on a newcomer takes one of the
// prefix that has the most of them (IPv4 /32, IPv6 /64; a /48 counts as a quarter of its places),
// if that is more than its own prefix has. When all are taken, a newcomer of a new prefix takes the
// one that has waited for the longest, and any other one of its own prefix.
//
// Loopback addresses stand for clients that something on this machine forwards: they have no share.
class Places {
 public:
  enum class Newcomer : std::uint8_t {
    unknown,
    known,  // was here before, and proves it
  };

  // `kept`: places that only known clients get.
  explicit Places(std::size_t most, std::size_t kept = 0) noexcept : most_(most), kept_(kept) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;
  ~Places() = default;  // after its places

  // Whether a client with this address may have a place. Another connection may give way for it.
  bool admit(const Address& client, Newcomer newcomer = Newcomer::unknown);
  std::size_t taken() const noexcept { return all_.places; }
  // From now on somebody may have to give way.
  bool few(Newcomer newcomer = Newcomer::unknown) const noexcept {
    return taken() >= most_for(newcomer) - most_for(newcomer) / 4;
  }
  std::uint64_t given_up() const noexcept { return given_up_; }  // for newcomers

 private:
  friend class Place;
  using Prefix = PlaceGroup::Prefix;
  struct ByShare {
    bool operator()(const PlaceGroup* a, const PlaceGroup* b) const noexcept;
  };

  std::size_t most_for(Newcomer newcomer) const noexcept {
    return newcomer == Newcomer::known ? most_ : most_ - kept_;
  }
  PlaceGroup& join(const Prefix& prefix);
  void leave(PlaceGroup& group) noexcept;
  void count(PlaceGroup& group, std::size_t places) noexcept;
  std::size_t places_of(const Prefix& prefix) const noexcept;
  PlaceGroup* largest_above(std::size_t share) const noexcept;
  bool replace(PlaceGroup* group);

  const std::size_t most_, kept_;
  PlaceGroup all_;
  std::map<Prefix, PlaceGroup> groups_;
  std::set<PlaceGroup*, ByShare> by_share_;  // without loopback; the largest last
  std::uint64_t given_up_ = 0;
};

}  // namespace troika
