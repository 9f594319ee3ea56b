// Deferred, the generators, the ASCII helpers, error names and clocks.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <set>
#include <string>

#include "base/error.h"
#include "base/ownership.h"
#include "base/random.h"
#include "base/text.h"
#include "base/time.h"

using namespace troika;

namespace {

// Counts its death, and hands over another one while it dies.
struct Chained final : Deletable {
  Chained(Deferred& d, int n, int& c) : deferred(d), more(n), dead(c) {}
  Chained(const Chained&) = delete;
  Chained& operator=(const Chained&) = delete;
  ~Chained() override {
    ++dead;
    if (more > 0) deferred.later(std::make_unique<Chained>(deferred, more - 1, dead));
  }
  Deferred& deferred;
  int more;
  int& dead;
};

}  // namespace

TEST_CASE("deferred objects die in run() and not before") {
  Deferred deferred;
  int dead = 0;
  deferred.later(std::make_unique<Chained>(deferred, 0, dead));
  deferred.later(std::make_unique<Chained>(deferred, 0, dead));
  CHECK(dead == 0);
  CHECK_FALSE(deferred.empty());
  deferred.run();
  CHECK(dead == 2);
  CHECK(deferred.empty());
}

TEST_CASE("an object that is deferred by a dying one dies in the same run") {
  Deferred deferred;
  int dead = 0;
  deferred.later(std::make_unique<Chained>(deferred, 3, dead));
  deferred.run();
  CHECK(dead == 4);
  CHECK(deferred.empty());
}

TEST_CASE("a seeded generator repeats itself and others differ") {
  SeededRandom a(42), b(42), c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a.next();
    CHECK(value == b.next());
    differs = differs || value != c.next();
  }
  CHECK(differs);
}

TEST_CASE("SplitMix64 gives the published numbers for seed 1234567") {
  SeededRandom random(1234567);
  CHECK(random.next() == 6457827717110365317U);
  CHECK(random.next() == 3203168211198807973U);
  CHECK(random.next() == 9817491932198370423U);
}

TEST_CASE("fill covers every byte of any length and no more") {
  SeededRandom seeded(5);
  SystemRandom system;
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 31U}) {
    for (Random* random : std::initializer_list<Random*>{&seeded, &system}) {
      std::array<std::byte, 40> touched{};
      for (int i = 0; i < 20; ++i) {  // that a byte stays 0 in 20 fills has a chance of 2^-160
        std::array<std::byte, 40> bytes{};
        random->fill(std::span(bytes).first(size));
        for (std::size_t k = 0; k < bytes.size(); ++k) touched[k] |= bytes[k];
      }
      for (std::size_t k = 0; k < touched.size(); ++k) {
        CHECK((touched[k] != std::byte{0}) == (k < size));
      }
    }
  }
}

TEST_CASE("below stays below its bound and reaches every value") {
  SeededRandom random(9);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = random.below(10);
    REQUIRE(value < 10);
    seen.insert(value);
  }
  CHECK(seen.size() == 10);
  CHECK_FALSE(random.chance(0.0));
  CHECK(random.chance(1.0));
}

TEST_CASE("the kernel's generator does not repeat itself") {
  SystemRandom random;
  CHECK(random.u64() != random.u64());
}

TEST_CASE("token characters are those of RFC 9110 and no others") {
  const std::string_view token =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    CHECK(ascii::is_token_char(static_cast<char>(c)) == token.contains(static_cast<char>(c)));
  }
  CHECK(ascii::is_token("GET"));
  CHECK_FALSE(ascii::is_token(""));
  CHECK_FALSE(ascii::is_token("a b"));
}

TEST_CASE("ASCII helpers leave all other bytes alone") {
  for (int c = 0; c < 256; ++c) {
    const bool upper = c >= 'A' && c <= 'Z';
    CHECK(ascii::lower(static_cast<char>(c)) == static_cast<char>(upper ? c + 32 : c));
  }
  CHECK(ascii::equal_ignoring_case("HoSt", "hOsT"));
  CHECK_FALSE(ascii::equal_ignoring_case("host", "hos"));
  CHECK_FALSE(ascii::equal_ignoring_case("\xc4", "\xe4"));
  CHECK(ascii::trim(" \t a b\t ") == "a b");
  CHECK(ascii::trim(" \t ").empty());
  CHECK(ascii::hex_value('f') == 15);
  CHECK(ascii::hex_value('F') == 15);
  CHECK(ascii::hex_value('0') == 0);
  CHECK(ascii::hex_value('g') == -1);
}

TEST_CASE("every error code has a name of its own") {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    names.insert(name_of(static_cast<ErrorCode>(code)));
  }
  CHECK(names.size() == static_cast<std::size_t>(ErrorCode::internal) + 1);
  CHECK_FALSE(names.contains("unknown"));
}

TEST_CASE("the system clock does not go backwards") {
  const SystemClock clock;
  const TimePoint first = clock.now();
  CHECK(clock.now() >= first);
  CHECK(clock.wall() > WallTime(std::chrono::seconds(1'600'000'000)));
}

TEST_CASE("a turn clock stands still until it is read again") {
  struct Ticking final : Clock {
    TimePoint now() const noexcept override { return TimePoint(Duration(++reads)); }
    WallTime wall() const noexcept override { return WallTime(WallTime::duration(++reads)); }
    mutable int reads = 0;
  } clock;
  TurnClock turn(clock);
  const TimePoint first = turn.now();
  const WallTime wall = turn.wall();
  CHECK(turn.now() == first);
  CHECK(turn.wall() == wall);
  CHECK(clock.reads == 2);
  CHECK(turn.refresh() == TimePoint(Duration(3)));
  CHECK(turn.now() == TimePoint(Duration(3)));
  CHECK(turn.wall() != wall);
  turn.forget();
  CHECK(turn.now() == TimePoint(Duration(5)));
}

TEST_CASE("text is checked and lower-cased by words as it is by bytes") {
  SeededRandom random(7);
  for (std::size_t size = 0; size < 40; ++size) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text(size, '\0');
      for (char& c : text) c = static_cast<char>('@' + random.below(32));
      if (size > 0) text[random.below(size)] = static_cast<char>(byte);
      CAPTURE(text);
      CHECK(ascii::is_text(text) == std::ranges::all_of(text, ascii::is_text_char));
      std::string expected = text, lower = text;
      for (char& c : expected) c = ascii::lower(c);
      char* const end = ascii::copy_lower(text, lower.data());
      CHECK(end == lower.data() + size);
      CHECK(lower == expected);
      CHECK(ascii::is_lower(text) == (text == expected));
      CHECK(ascii::equal_lower(text, expected));
      if (size > 0) expected[random.below(size)] ^= 1;
      CHECK(ascii::equal_lower(text, expected) == (lower == expected));
    }
  }
}
