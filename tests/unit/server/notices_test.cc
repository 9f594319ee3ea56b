#include "server/notices.h"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <string>
#include <vector>

using namespace troika;

namespace {

using Lines = std::vector<std::string>;

struct Told {
  Told() {
    to.set_say([this](const std::string& line) { lines.push_back(line); });
  }
  // In milliseconds.
  void look(int error, int begun, int ended) {
    const auto at = [](int time) { return TimePoint(std::chrono::milliseconds(time)); };
    notice.look({error, at(begun), at(ended)});
  }
  Lines lines;
  Operator to;
  RootNotice notice{"dist", to};
};

const std::string kGone =
    "the folder dist cannot be opened (No such file or directory): every request gets 404 until it "
    "is back";
const std::string kBack = "the folder dist is available again";

}  // namespace

TEST_CASE("a sentence is said once, and so many at most") {
  Lines lines;
  Operator to;
  to.set_say([&](const std::string& line) { lines.push_back(line); });
  SiteNotice notice(to);
  for (int i = 0; i < 3; ++i) notice.say("the first");
  CHECK(lines == Lines{"the first (reported once)"});
  for (std::size_t i = 1; i < SiteNotice::kMost - 1; ++i) notice.say(std::to_string(i));
  CHECK(lines.size() == SiteNotice::kMost - 1);
  notice.say("the last");
  REQUIRE(lines.size() == SiteNotice::kMost + 1);
  CHECK(lines[SiteNotice::kMost - 1] == "the last (reported once)");
  CHECK(lines[SiteNotice::kMost].contains("further ones are suppressed"));
  notice.say("one more");
  CHECK(lines.size() == SiteNotice::kMost + 1);
}

TEST_CASE("one notice when the folder goes, and one when it is back, however many look") {
  Told told;
  for (int worker = 0; worker < 3; ++worker) told.look(0, 10, 11);
  CHECK(told.lines.empty());
  for (int worker = 0; worker < 3; ++worker) told.look(ENOENT, 20 + worker, 30 + worker);
  CHECK(told.lines == Lines{kGone});
  for (int worker = 0; worker < 3; ++worker) told.look(0, 40 + worker, 50 + worker);
  CHECK(told.lines == Lines{kGone, kBack});
  told.look(EACCES, 60, 61);
  CHECK(told.lines.size() == 3);
  CHECK(told.lines.back().contains("Permission denied"));
}

TEST_CASE("a look that began before a change was found says nothing") {
  Told told;
  told.look(ENOENT, 10, 20);
  told.look(0, 5, 25);   // it was there then
  told.look(0, 19, 26);  // nobody knows which came first
  CHECK(told.lines == Lines{kGone});
  told.look(0, 20, 26);
  CHECK(told.lines == Lines{kGone, kBack});
}

TEST_CASE("descriptors or memory that are used up say nothing of the folder") {
  Told told;
  for (const int error : {EMFILE, ENFILE, ENOMEM}) told.look(error, 10, 11);
  CHECK(told.lines.empty());
  told.look(ENOENT, 12, 13);
  told.look(EMFILE, 14, 15);
  CHECK(told.lines == Lines{kGone});
}

TEST_CASE("nobody need listen") {
  const Operator to;
  RootNotice notice("dist", to);
  notice.look({ENOENT, TimePoint(), TimePoint()});
  notice.look({0, TimePoint(), TimePoint()});
}
