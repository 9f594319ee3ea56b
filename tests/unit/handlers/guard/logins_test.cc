#include "handlers/guard/logins.h"

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "support/fake_background.h"

using namespace troika;
using troika::test::FakeBackground;

namespace {

// Of "open sesame", with as few rounds as there can be, and of "other".
const std::string kSha =
    "$6$rounds=1000$abcdefgh$Xh.7.kL3HzhnviFlsn40n4gUrDaYioIIiDlHiWZorP18."
    "1JsnixO1BkqKbso/o60j4iwJz6yRdVGlrUTIYtXT/";
const std::string kBcrypt = "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
const std::string kOther = "$5$rounds=1000$abcdefgh$w.mCd8H.gxunEuG6EPym4WGyBQMA8gT37bCme1D.ue3";

class SetClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return now_; }
  WallTime wall() const noexcept override { return {}; }
  void advance(Duration time) noexcept { now_ += time; }

 private:
  TimePoint now_{std::chrono::hours(1)};
};

struct Rig {
  // One that has come, '-' for none yet.
  struct Asked {
    char outcome = '-';
    std::unique_ptr<Operation> operation{};
  };
  std::unique_ptr<Asked> ask(const std::string& name, const std::string& password) {
    auto asked = std::make_unique<Asked>();
    asked->operation = logins.check({name, password}, [&to = *asked](Logins::Outcome outcome) {
      to.outcome = outcome == Logins::Outcome::right   ? 'r'
                   : outcome == Logins::Outcome::wrong ? 'w'
                                                       : 'b';
    });
    return asked;
  }
  // The outcome, with all the work that it takes.
  char check(const std::string& name, const std::string& password) {
    const auto asked = ask(name, password);
    while (pool.waiting() > 0) pool.complete();
    return asked->outcome;
  }

  SetClock clock;
  FakeBackground pool;
  Logins logins{{{"ali", kSha}, {"baba", kBcrypt}, {"cassim", kOther}}, "secret", pool, clock};
  Rig() { pool.later = true; }
};

}  // namespace

TEST_CASE("A password is right or wrong by its hash, whatever the form of that") {
  Rig rig;
  CHECK(rig.check("ali", "open sesame") == 'r');
  CHECK(rig.check("baba", "open sesame") == 'r');
  CHECK(rig.check("cassim", "other") == 'r');
  CHECK(rig.check("ali", "open barley") == 'w');
  CHECK(rig.check("cassim", "open sesame") == 'w');
  CHECK(rig.check("ali", "") == 'w');
}

TEST_CASE("A name that nobody has takes as much work as a wrong password") {
  Rig rig;
  CHECK(rig.check("nobody", "open sesame") == 'w');
  CHECK(rig.check("", "") == 'w');
  CHECK(rig.pool.ran == 2);
}

TEST_CASE("What was right is remembered for a while, and what was wrong is not") {
  Rig rig;
  CHECK(rig.check("ali", "open sesame") == 'r');
  CHECK(rig.check("ali", "wrong") == 'w');
  CHECK(rig.pool.ran == 2);
  CHECK(rig.check("ali", "open sesame") == 'r');
  CHECK(rig.pool.ran == 2);
  CHECK(rig.check("baba", "open sesame") == 'r');  // a password is one of its name
  CHECK(rig.check("ali", "wrong") == 'w');
  CHECK(rig.pool.ran == 4);
  rig.clock.advance(Logins::kRemembered);
  CHECK(rig.check("ali", "open sesame") == 'r');
  CHECK(rig.pool.ran == 5);
}

TEST_CASE(
    "One hash of a name is computed at a time; those that wait for the same get it for free") {
  Rig rig;
  std::vector<std::unique_ptr<Rig::Asked>> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(rig.ask("ali", "open sesame"));
  const auto other = rig.ask("baba", "open sesame");
  CHECK(rig.pool.waiting() == 2);
  while (rig.pool.waiting() > 0) rig.pool.complete();
  for (const auto& each : asked) CHECK(each->outcome == 'r');
  CHECK(other->outcome == 'r');
}

TEST_CASE("So many may wait for one name; more are told that it is busy") {
  Rig rig;
  std::vector<std::unique_ptr<Rig::Asked>> asked;
  for (std::size_t i = 0; i < Logins::kMostWaiting; ++i) asked.push_back(rig.ask("ali", "x"));
  CHECK(asked.back()->outcome == '-');
  CHECK(rig.ask("ali", "x")->outcome == 'b');
  const auto other = rig.ask("baba", "x");
  CHECK(other->outcome == '-');
  while (rig.pool.waiting() > 0) rig.pool.complete();
  CHECK(asked.back()->outcome == 'w');
  CHECK(rig.check("ali", "open sesame") == 'r');
}

TEST_CASE("Whoever goes is not told, and the next is checked all the same") {
  Rig rig;
  auto first = rig.ask("ali", "open sesame"), second = rig.ask("ali", "x"),
       third = rig.ask("ali", "open sesame");
  first->operation.reset();
  second->operation.reset();
  while (rig.pool.waiting() > 0) rig.pool.complete();
  CHECK(first->outcome == '-');
  CHECK(second->outcome == '-');
  CHECK(third->outcome == 'r');
  CHECK(rig.pool.ran == 2);
}

TEST_CASE("No more are remembered than there is room for") {
  Rig rig;
  std::vector<LoginSpec> many;
  for (std::size_t i = 0; i <= Logins::kMostRemembered; ++i) {
    many.push_back({std::to_string(i), kBcrypt});
  }
  Logins logins(std::move(many), "secret", rig.pool, rig.clock);
  const auto check = [&](std::size_t i) {
    const int before = rig.pool.ran;
    const auto operation = logins.check({std::to_string(i), "open sesame"}, [](Logins::Outcome) {});
    while (rig.pool.waiting() > 0) rig.pool.complete();
    return rig.pool.ran - before;
  };
  for (std::size_t i = 0; i < Logins::kMostRemembered; ++i) CHECK(check(i) == 1);
  CHECK(check(0) == 0);
  CHECK(check(Logins::kMostRemembered) == 1);
  CHECK(check(0) == 1);  // the oldest was forgotten
}

TEST_CASE("Credentials are a name and a password in base64, after Basic") {
  const auto read = [](std::string_view field) -> std::string {
    const auto found = basic_credentials(field);
    return found ? found->name + "|" + found->password : "none";
  };
  CHECK(read("Basic YWxpOm9wZW4gc2VzYW1l") == "ali|open sesame");
  CHECK(read("basic   YWxpOng=") == "ali|x");
  CHECK(read("Basic YWxpOg==") == "ali|");
  CHECK(read("Basic OmE6Yg==") == "|a:b");
  for (const char* field : {"", "Basic", "Basic ", "Bearer YWxpOng=", "Basic YWxp", "Basic YWxpOng",
                            "Basic !!!!", "Basic YWxpAA==", "BasicYWxpOng="}) {
    CAPTURE(field);
    CHECK(read(field) == "none");
  }
  CHECK(read("Basic " + std::string(1024, 'A')) == "none");  // NULs
  CHECK(read("Basic " + std::string(1028, 'O')) == "none");
}

TEST_CASE("A hash is one that crypt knows") {
  for (const auto& hash : {kSha, kBcrypt, kOther}) CHECK(is_password_hash(hash));
  for (const char* hash : {"", "secret", "$9$x$y", "$6$", "*"}) {
    CAPTURE(hash);
    CHECK(!is_password_hash(hash));
  }
}
