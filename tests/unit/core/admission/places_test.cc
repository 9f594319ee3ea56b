#include "admission/places.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace troika {
namespace {

Address client(const std::string& ip) {
  const bool v6 = ip.contains(':');
  return Address::parse(v6 ? std::format("[{}]:4000", ip) : ip + ":4000").value();
}

// A client's connection: it ends when it has to give way.
class Guest final : public Occupant {
 public:
  Guest(Places& places, const Address& address) : place(std::in_place, places, address, *this) {}
  void give_way() noexcept override {
    left_as = place->use();
    place.reset();
  }
  bool here() const { return place.has_value(); }

  std::optional<Place> place;
  std::optional<Use> left_as;
};

struct House {
  explicit House(std::size_t most, std::size_t kept = 0) : places(most, kept) {}

  // Null: there is no place.
  Guest* enter(const std::string& ip, Use use = Use::idle,
               Places::Newcomer newcomer = Places::Newcomer::unknown) {
    if (!places.admit(client(ip), newcomer)) return nullptr;
    Guest& guest = *guests.emplace_back(std::make_unique<Guest>(places, client(ip)));
    guest.place->set(use);
    return &guest;
  }
  void fill(const std::string& ip, std::size_t count, Use use = Use::idle) {
    for (std::size_t i = 0; i < count; ++i) REQUIRE(enter(ip, use) != nullptr);
  }

  Places places;
  std::vector<std::unique_ptr<Guest>> guests;
};

}  // namespace

TEST_CASE("places: below three quarters nobody has a share", "[places]") {
  House house(8);
  house.fill("192.0.2.1", 6);
  CHECK(house.places.taken() == 6);
  CHECK(house.places.given_up() == 0);

  // At three quarters the seventh is the one of another address: the first one's first gives way.
  Guest* const other = house.enter("192.0.2.2");
  REQUIRE(other != nullptr);
  CHECK_FALSE(house.guests.front()->here());
  CHECK(house.guests[1]->here());
  CHECK(house.places.taken() == 6);
}

TEST_CASE("places: what is active never gives way", "[places]") {
  House house(8);
  house.fill("192.0.2.1", 6, Use::active);
  house.fill("192.0.2.2", 2, Use::active);
  CHECK(house.places.taken() == 8);
  CHECK(house.enter("192.0.2.3") == nullptr);

  house.guests[4]->place->set(Use::idle);
  house.guests[3]->place->set(Use::idle);
  CHECK(house.enter("192.0.2.3") != nullptr);
  CHECK_FALSE(house.guests[4]->here());  // it was idle for longer
  CHECK(house.guests[4]->left_as == Use::idle);
  CHECK(house.guests[3]->here());
}

TEST_CASE("places: who became active and idle again waits anew", "[places]") {
  House house(4);
  house.fill("192.0.2.1", 3);
  house.guests[0]->place->set(Use::active);
  house.guests[0]->place->set(Use::idle);
  REQUIRE(house.enter("192.0.2.2") != nullptr);
  CHECK(house.guests[0]->here());
  CHECK_FALSE(house.guests[1]->here());
}

TEST_CASE("places: a handshake gives way like an idle connection", "[places]") {
  House house(4);
  house.fill("192.0.2.1", 3, Use::opening);
  REQUIRE(house.enter("192.0.2.2") != nullptr);
  CHECK(house.guests.front()->left_as == Use::opening);
}

TEST_CASE("places: nobody gives way to one who has as many", "[places]") {
  House house(8);
  house.fill("192.0.2.1", 3);
  house.fill("192.0.2.2", 3);
  // With it, the second would have more than the first.
  REQUIRE(house.enter("192.0.2.2") != nullptr);
  REQUIRE(house.enter("192.0.2.2") != nullptr);
  CHECK(house.places.given_up() == 0);
  CHECK(house.places.taken() == 8);

  // All are taken: it replaces one of its own, and a new address the one that waits the longest.
  REQUIRE(house.enter("192.0.2.2") != nullptr);
  CHECK_FALSE(house.guests[3]->here());
  REQUIRE(house.enter("192.0.2.3") != nullptr);
  CHECK_FALSE(house.guests[4]->here());
  CHECK(house.places.taken() == 8);
}

TEST_CASE("places: each with one place, and a newcomer: the longest idle one goes", "[places]") {
  House house(4);
  for (int i = 1; i <= 4; ++i) REQUIRE(house.enter(std::format("192.0.2.{}", i)) != nullptr);
  house.guests[0]->place->set(Use::active);
  REQUIRE(house.enter("192.0.2.9") != nullptr);
  CHECK(house.guests[0]->here());
  CHECK_FALSE(house.guests[1]->here());
}

TEST_CASE("places: IPv6 counts by /64, and by a quarter for a /48", "[places]") {
  House house(40);
  SECTION("one /64") {
    house.fill("2001:db8:1:1::1", 15);
    house.fill("2001:db8:1:1::2", 15);
    REQUIRE(house.enter("2001:db8:1:2::1") != nullptr);
    CHECK(house.places.given_up() == 1);
    CHECK_FALSE(house.guests.front()->here());
  }
  SECTION("a /48 with a /64 for each connection") {
    for (int i = 0; i < 26; ++i) house.fill(std::format("2001:db8:1:{:x}::1", i), 1);
    house.fill("2001:db8:2::1", 4);
    REQUIRE(house.enter("2001:db8:2::1") != nullptr);  // the /48 counts as 6, this one as 5
    CHECK(house.places.given_up() == 1);
    CHECK_FALSE(house.guests.front()->here());
    REQUIRE(house.enter("2001:db8:2::1") != nullptr);  // 25 are 6 still
    CHECK(house.places.given_up() == 1);
  }
  SECTION("IPv4 in IPv6 is IPv4") {
    house.fill("::ffff:192.0.2.1", 15);
    house.fill("192.0.2.1", 15);
    REQUIRE(house.enter("192.0.2.1") != nullptr);
    CHECK(house.places.given_up() == 0);
    REQUIRE(house.enter("192.0.2.2") != nullptr);
    CHECK(house.places.given_up() == 1);
  }
}

TEST_CASE("places: loopback has no share", "[places]") {
  House house(8);
  house.fill("127.0.0.1", 6);
  house.fill("192.0.2.1", 2);
  CHECK(house.places.given_up() == 0);
  REQUIRE(house.enter("127.0.0.1") != nullptr);
  CHECK(house.places.given_up() == 1);
  CHECK_FALSE(house.guests[6]->here());  // the only ones that have a share are the two
}

TEST_CASE("places: a part is kept for known clients", "[places]") {
  House house(8, 2);
  house.fill("192.0.2.1", 6, Use::active);
  CHECK(house.enter("192.0.2.2", Use::active) == nullptr);
  CHECK(house.enter("192.0.2.2", Use::active, Places::Newcomer::known) != nullptr);
  CHECK(house.enter("192.0.2.2", Use::active, Places::Newcomer::known) != nullptr);
  CHECK(house.enter("192.0.2.2", Use::active, Places::Newcomer::known) == nullptr);
}

TEST_CASE("places: in a million admissions to a full house no active one is closed", "[places]") {
  constexpr std::size_t kMost = 64;
  SeededRandom random(15);
  Places places(kMost);
  std::vector<Address> crowd;
  for (int i = 0; i < 200; ++i) crowd.push_back(client(std::format("192.0.2.{}", i)));
  const Address greedy = client("198.51.100.1");
  std::vector<std::unique_ptr<Guest>> guests;
  std::size_t gone = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    // Half of the newcomers have the same address.
    const Address& address = random.chance(0.5) ? greedy : crowd[random.below(crowd.size())];
    constexpr std::array kUses{Use::opening, Use::active, Use::idle};
    const bool admitted = places.admit(address);
    if (places.given_up() != gone) {
      gone += std::erase_if(guests, [](const auto& guest) {
        if (guest->left_as == Use::active) FAIL("an active one gave way");
        return !guest->here();
      });
    }
    if (admitted) {
      guests.push_back(std::make_unique<Guest>(places, address));
      guests.back()->place->set(kUses[random.below(3)]);
    }
    guests[random.below(guests.size())]->place->set(kUses[random.below(3)]);
    if (guests.size() != places.taken() || guests.size() > kMost) FAIL("miscounted");
  }
  CHECK(gone == places.given_up());
  CHECK(gone > 100'000);
}

}  // namespace troika
