// Connecting by name: which address is tried when, which wins, and what is said when none does.
#include "client/race.h"

#include <catch2/catch_test_macros.hpp>
#include <map>

#include "base/text.h"
#include "support/fake_resolver.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

using client::kAttemptDelay;
using Texts = std::vector<std::string>;

// An attempt that does what the test says.
struct Attempt final : client::Connection {
  explicit Attempt(int& alive) : living(alive) { ++living; }
  ~Attempt() override { --living; }
  bool ready() const noexcept override { return !is_closed && at == CallStep::send; }
  bool closed() const noexcept override { return is_closed; }
  CallStep step() const noexcept override { return at; }
  Error close_reason() const noexcept override { return reason; }
  ClientSession& session() noexcept override { std::abort(); }
  const SecurityInfo& security() const noexcept override { return info; }
  void close() override { is_closed = true; }
  bool flush(TimePoint) override {
    ++flushes;
    return false;
  }
  void reach(CallStep step) {
    at = step;
    mark_dirty();
  }
  void fail(const Error& why) {
    reason = why;
    is_closed = true;
    mark_dirty();
  }

  int& living;
  int flushes = 0;
  CallStep at = CallStep::connect;
  bool is_closed = false;
  Error reason{ErrorCode::closed, "connection refused"};
  SecurityInfo info;
};

struct Rig final : private client::Connection::Owner {
  Rig() { race->set_owner(this); }
  void on_dirty(client::Connection&) noexcept override { dirty = true; }
  void settle() {
    while (std::exchange(dirty, false)) race->flush(clock.now());
  }
  void pass(Duration time) {
    clock.advance(time);
    timers.advance_to(clock.now());
    settle();
  }
  void give(std::initializer_list<const char*> addresses) {
    resolver.give(addresses);
    settle();
  }
  Attempt& at(const std::string& address) { return *attempts.at(address); }

  SimClock clock;
  TimerQueue timers;
  FakeResolver resolver;
  Texts tried;
  std::map<std::string, Attempt*> attempts;
  std::map<std::string, std::string> unreachable;  // and why
  int alive = 0;
  bool dirty = false;
  std::optional<client::Race> race{
      std::in_place,
      client::Name{"example.org", 443},
      resolver,
      clock,
      timers,
      std::chrono::seconds(5),
      [this](const Address& to) -> Checked<std::unique_ptr<client::Connection>> {
        tried.push_back(to.text());
        if (const auto no = unreachable.find(to.text()); no != unreachable.end()) {
          return std::unexpected(no->second);
        }
        auto made = std::make_unique<Attempt>(alive);
        attempts[to.text()] = made.get();
        return made;
      }};
};

constexpr const char* kV4 = "192.0.2.1:0";
constexpr const char* kV6 = "[2001:db8::1]:0";

}  // namespace

TEST_CASE("The families take turns, IPv6 first, a quarter of a second apart") {
  Rig rig;
  CHECK(rig.resolver.names == Texts{"example.org"});
  rig.give({"192.0.2.1:0", "192.0.2.2:0", "[2001:db8::1]:0", "[2001:db8::2]:0"});
  const Texts order{"[2001:db8::1]:443", "192.0.2.1:443", "[2001:db8::2]:443", "192.0.2.2:443"};
  for (std::size_t n = 1; n < order.size(); ++n) {
    CHECK(rig.tried == Texts(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n)));
    rig.pass(kAttemptDelay - Duration(1));
    CHECK(rig.tried.size() == n);
    rig.pass(Duration(1));
  }
  CHECK(rig.tried == order);
  CHECK(rig.alive == 4);
  CHECK(rig.timers.size() == 0);
}

TEST_CASE("The first that connects wins, and the others are closed") {
  Rig rig;
  rig.give({kV4, kV6});
  rig.pass(kAttemptDelay);
  CHECK(rig.alive == 2);
  CHECK_FALSE(rig.race->ready());
  rig.at("192.0.2.1:443").reach(CallStep::handshake);
  rig.settle();
  CHECK(rig.alive == 1);
  CHECK(rig.race->step() == CallStep::handshake);
  rig.at("192.0.2.1:443").reach(CallStep::send);
  rig.settle();
  CHECK(rig.race->ready());
  rig.at("192.0.2.1:443").fail({ErrorCode::closed, "reset by the peer"});
  CHECK(rig.race->closed());
  CHECK(rig.race->why() == "reset by the peer");
  CHECK(rig.tried.size() == 2);
}

TEST_CASE("The next address is tried at once when one fails, early or late") {
  Rig rig;
  rig.unreachable["[2001:db8::1]:443"] = "no way to the peer";
  rig.give({"192.0.2.1:0", "192.0.2.2:0", "192.0.2.3:0", kV6});
  CHECK(rig.tried == Texts{"[2001:db8::1]:443", "192.0.2.1:443"});
  rig.at("192.0.2.1:443").fail({ErrorCode::closed, "connection refused"});
  rig.settle();
  CHECK(rig.tried.size() == 3);
  CHECK(rig.alive == 1);
  rig.pass(kAttemptDelay - Duration(1));
  CHECK(rig.tried.size() == 3);
  rig.pass(Duration(1));
  CHECK(rig.tried.size() == 4);
}

TEST_CASE("When all fail, one sentence says what was tried, and the step is the one of the last") {
  Rig rig;
  rig.unreachable["[2001:db8::1]:443"] = "no way to the peer";
  rig.give({kV6, kV4});
  CHECK_FALSE(rig.race->closed());
  SECTION("before any connects") {
    rig.at("192.0.2.1:443").fail({ErrorCode::timeout, "connecting took too long"});
    CHECK(rig.race->step() == CallStep::connect);
    CHECK(rig.race->why() ==
          "cannot connect to example.org:443: [2001:db8::1]:443: no way to the peer; "
          "192.0.2.1:443: connecting took too long");
  }
  SECTION("in the handshake") {
    rig.at("192.0.2.1:443").at = CallStep::handshake;
    rig.at("192.0.2.1:443").fail({ErrorCode::denied, "the server's certificate has expired"});
    CHECK(rig.race->step() == CallStep::handshake);
    CHECK(rig.race->why().ends_with("; 192.0.2.1:443: the server's certificate has expired"));
  }
  rig.settle();
  CHECK(rig.race->closed());
  CHECK_FALSE(rig.race->ready());
}

TEST_CASE("No address can be reached at all") {
  Rig rig;
  rig.unreachable["192.0.2.1:443"] = "no way to the peer";
  rig.give({kV4});
  CHECK(rig.race->closed());
  CHECK(rig.race->why() == "cannot connect to example.org:443: 192.0.2.1:443: no way to the peer");
  Rig none;
  none.give({});
  CHECK(none.race->closed());
  CHECK(none.race->why() ==
        "cannot connect to example.org:443: none of its addresses can be reached");
}

TEST_CASE("A name that is not found, or not in time") {
  Rig rig;
  SECTION("not found") {
    rig.resolver.give(std::unexpected("Name or service not known"));
    CHECK(rig.race->why() == "cannot connect to example.org:443: Name or service not known");
    CHECK(rig.race->close_reason().code == ErrorCode::not_found);
  }
  SECTION("not in time") {
    rig.pass(std::chrono::seconds(5) - Duration(1));
    CHECK_FALSE(rig.race->closed());
    rig.pass(Duration(1));
    CHECK(rig.race->why() ==
          "cannot connect to example.org:443: finding its address took too long");
    CHECK(rig.race->close_reason().code == ErrorCode::timeout);
    CHECK(rig.resolver.waiting() == 0);
  }
  CHECK(rig.race->closed());
  CHECK(rig.race->step() == CallStep::connect);
}

TEST_CASE("Sixteen addresses of a name are tried, and not the seventeenth") {
  for (const std::size_t count : {client::kMostAddresses, client::kMostAddresses + 1}) {
    Rig rig;
    std::vector<Address> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(Address::v4(0xc0000200U + static_cast<std::uint32_t>(i), 0));
      rig.unreachable[formatted("192.0.2.{}:443", i)] = "no way to the peer";
    }
    rig.resolver.give(all);
    rig.settle();
    CHECK(rig.tried.size() == client::kMostAddresses);
  }
}

TEST_CASE("A race that is given up, at each step, frees its attempts and its look-up") {
  const bool destroyed = GENERATE(true, false);
  for (const int step : {0, 1, 2}) {
    Rig rig;
    if (step >= 1) rig.give({kV4, kV6});
    if (step >= 2) rig.pass(kAttemptDelay);
    CHECK(rig.alive == step);
    if (destroyed) {
      rig.race.reset();
    } else {
      rig.race->close();
      CHECK(rig.race->closed());
    }
    CHECK(rig.alive == 0);
    CHECK(rig.resolver.waiting() == 0);
    CHECK(rig.timers.size() == 0);
  }
}
