#include "server/notices.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace troika;

TEST_CASE("a sentence is said once, and so many at most") {
  std::vector<std::string> lines;
  SiteNotice notice;
  notice.say("nobody listens yet");
  notice.set_say([&](const std::string& line) { lines.push_back(line); });
  for (int i = 0; i < 3; ++i) notice.say("nobody listens yet");
  CHECK(lines == std::vector<std::string>{"nobody listens yet (reported once)"});
  for (std::size_t i = 1; i < SiteNotice::kMost - 1; ++i) notice.say(std::to_string(i));
  CHECK(lines.size() == SiteNotice::kMost - 1);
  notice.say("the last");
  REQUIRE(lines.size() == SiteNotice::kMost + 1);
  CHECK(lines[SiteNotice::kMost - 1] == "the last (reported once)");
  CHECK(lines[SiteNotice::kMost].contains("further ones are suppressed"));
  notice.say("one more");
  CHECK(lines.size() == SiteNotice::kMost + 1);
}
