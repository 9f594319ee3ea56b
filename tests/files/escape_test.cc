// Nothing that is asked for, in whatever words, is answered from outside the root.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "base/text.h"
#include "config/site_values.h"
#include "files/escape_site.h"
#include "support/sanitized.h"
#include "tools/parity/coding.h"

using namespace troika;
using namespace troika::files;
using parity::Answer;
using parity::Ask;

namespace {

struct Profile {
  const char* name;
  SiteOptions options;
};

SiteOptions everything() {
  SiteOptions options{.listing = true, .spa = true, .clean_urls = true, .dotfiles = true};
  options.error_pages = {test::must(parse_error_page("404=/errors/404.html"))};
  options.cors = {"*"};
  return options;
}

std::vector<Profile> profiles() {
  SiteOptions page = {};
  page.error_pages = {test::must(parse_error_page("404=/errors/404.html"))};
  // No command line makes one of these.
  SiteOptions page_above = {};
  page_above.error_pages = {{404, "../canary.txt"}, {400, "/../canary.txt"}};
  return {{"default", {}},
          {"spa", {.spa = true}},
          {"clean", {.clean_urls = true}},
          {"listing", {.listing = true}},
          {"dotfiles", {.dotfiles = true}},
          {"error page", page},
          {"error page above", page_above},
          {"everything", everything()}};
}

// Each target meets each of these in one profile or another.
constexpr std::array kEncodings{"", "br", "gzip, zstd", "identity;q=0, *", "gzip;q=0.5, br;q=0.1"};

Ask ask_for(const std::string& target, std::size_t variety) {
  Ask ask{.target = target};
  if (variety % 7 == 3) ask.method = "HEAD";
  const char* const encoding = kEncodings.at(variety % kEncodings.size());
  if (*encoding != '\0') ask.fields.emplace_back("accept-encoding", encoding);
  if (variety % 3 == 1) ask.fields.emplace_back("accept", "text/html");
  if (variety % 11 == 5) ask.fields.emplace_back("want-repr-digest", "sha-256=1");
  if (variety % 13 == 7) ask.fields.emplace_back("range", "bytes=0-2000");
  return ask;
}

// A line of a file that is everywhere, and never to be seen either.
std::string first_line_of_passwd() {
  std::string line;
  std::getline(std::ifstream("/etc/passwd"), line);
  return line.size() < 10 ? "no line at all" : line;
}

// What is wrong with it; empty: nothing.
std::string wrong_with(const Ask& ask, const Answer& answer, const EscapeSite& site,
                       const SiteOptions& options) {
  static const std::string passwd = first_line_of_passwd();
  if (const std::string where = site.canary().seen_in(answer); !where.empty()) {
    return "a canary in " + where;
  }
  if (!options.dotfiles) {
    const std::string where = site.hidden().seen_in(answer);
    if (!where.empty()) return "a hidden file in " + where;
  }
  if (answer.body.contains(passwd)) return "a line of /etc/passwd";
  if (answer.failure == "not in time" || answer.status >= 500) {
    return formatted("status {}, {}", answer.status, answer.failure);
  }
  // A stream may be reset for what is no target at all; everything else is answered.
  const bool malformed = !ask.target.starts_with('/');
  if (!answer.failure.empty() && !malformed) return answer.failure;
  return {};
}

void ask_all(parity::Asker& asker, const std::vector<std::string>& targets, std::size_t variety,
             const EscapeSite& site, const SiteOptions& options) {
  const Ask sign_of_life{.target = "/inside.txt"};
  constexpr std::size_t kTogether = 49;
  for (std::size_t at = 0; at < targets.size(); at += kTogether) {
    std::vector<Ask> asks;
    for (std::size_t i = at; i < std::min(at + kTogether, targets.size()); ++i) {
      asks.push_back(ask_for(targets[i], variety + i));
    }
    asks.push_back(sign_of_life);
    const std::vector<Answer> answers = asker.ask(asks);
    REQUIRE(answers.size() == asks.size());
    for (std::size_t i = 0; i + 1 < asks.size(); ++i) {
      const std::string wrong = wrong_with(asks[i], answers[i], site, options);
      INFO(formatted("{} {:.300}", asks[i].method, asks[i].target));
      CHECK(wrong == "");
    }
    CHECK(answers.back().status == 200);
    CHECK(answers.back().body == kInside);
  }
}

// All of them; where requests are slow, a third, another one for each `turn`.
std::vector<std::string> share_of(const std::vector<std::string>& targets, std::size_t turn) {
  if (!test::kSanitized) return targets;
  std::vector<std::string> share;
  for (std::size_t i = turn % 3; i < targets.size(); i += 3) share.push_back(targets[i]);
  return share;
}

// Serves `root` with each profile, and runs `check` over each protocol.
void over_each(const std::filesystem::path& root,
               const std::function<void(const Profile&, parity::Asker&)>& check) {
  test::LiveClient client;
  for (const Profile& profile : profiles()) {
    const auto server = serve(root, profile.options);
    for (const auto& [protocol, over] : kProtocols) {
      INFO(profile.name << " over " << over);
      check(profile, *make_asker(*client, *server, protocol));
    }
  }
}

bool has(std::string_view text, std::string_view part) { return text.contains(part); }

}  // namespace

TEST_CASE("The corpus has 500 targets and more, each once, with what they are made for in them") {
  const EscapeSite site;
  const std::vector<std::string> targets = site.targets();
  CHECK(std::set<std::string>(targets.begin(), targets.end()).size() == targets.size());
  CHECK(targets.size() >= 500);
  CHECK(targets == site.targets());
  CHECK(std::ranges::all_of(targets, [](const std::string& t) { return t.size() <= 8192; }));
  for (const char* const part :
       {"/../", "%2e%2e%2f", "%5c", "%252e", "%252f", "%c0%ae", "%c0%af", "%e0%80%ae", "%00", "..;",
        "\\", "..%20", "/proc/self/root/", "C:", "//localhost", "/out-loop", "side.js.br"}) {
    INFO(part);
    CHECK(std::ranges::any_of(targets, [&](const std::string& t) { return has(t, part); }));
  }
}

TEST_CASE("No target leads out of the root, over any protocol and with any options of the site") {
  const EscapeSite site;
  const std::vector<std::string> targets = site.targets();
  std::size_t variety = 0;
  over_each(site.ground().root(), [&](const Profile& profile, parity::Asker& asker) {
    const std::vector<std::string> share = share_of(targets, variety);
    REQUIRE(share.size() >= 500);
    ask_all(asker, share, variety, site, profile.options);
    ++variety;
  });
}

TEST_CASE(
    "Index, error page, precompressed files and clean URLs that are links out are as if not "
    "there") {
  const EscapeSite site;
  const std::vector<std::string> targets{
      "/",      "/nothing",      "/nothing.js",     "/about",     "/about.html",   "/dir",
      "/dir/",  "/dir/nothing/", "/page",           "/page.html", "/page.html.br", "/index.html",
      "/index", "/errors/404",   "/errors/404.html"};
  over_each(site.lures(), [&](const Profile& profile, parity::Asker& asker) {
    for (std::size_t variety = 0; variety < 10; ++variety) {
      ask_all(asker, targets, variety, site, profile.options);
    }
    // The fallbacks do not hide that what is asked for is not there.
    CHECK(asker.ask(Ask{.target = "/nothing"}).status == 404);
    const Answer page =
        asker.ask(Ask{.target = "/page.html", .fields = {{"accept-encoding", "br"}}});
    CHECK(page.status == 200);
    CHECK(parity::decode("br", page.body) == std::string(2000, 'x'));
  });
}

TEST_CASE("A listing has no names that lead out, and nothing of where they lead") {
  const EscapeSite site;
  test::LiveClient client;
  const auto server = serve(site.ground().root(), {.listing = true});
  std::filesystem::remove(site.ground().at("index.html"));
  for (const auto& [protocol, over] : kProtocols) {
    const auto asker = make_asker(*client, *server, protocol);
    for (const char* const target : {"/", "/dir/", "/dir/sub/", "/lure/"}) {
      for (const char* const accept : {"text/html", "application/json"}) {
        INFO(target << " " << accept << " over " << over);
        const Answer list = asker->ask(Ask{.target = target, .fields = {{"accept", accept}}});
        REQUIRE(list.status == 200);
        CHECK(site.canary().seen_in(list).empty());
        CHECK(!has(list.body, std::to_string(site.canary().text().size())));
        CHECK(!has(list.body, ".hidden"));
        CHECK(!has(list.body, "out-"));
        CHECK(has(list.body, "inside.txt"));
      }
    }
    const Answer root = asker->ask(Ask{.target = "/"});
    CHECK(has(root.body, "link-inside.txt"));
    CHECK(has(root.body, "side.js"));
    CHECK(!has(root.body, "side.js."));
  }
}

TEST_CASE("The same check finds a canary that is served, in any coding and by its fields alone") {
  const EscapeSite site;
  site.ground().write("seen.txt", site.canary().text());
  test::LiveClient client;
  const auto server = serve(site.ground().root());
  const auto found = [&](parity::Asker& asker, const Ask& ask) {
    const Answer answer = asker.ask(ask);
    CHECK(answer.status / 100 == 2);
    return !wrong_with(ask, answer, site, {}).empty();
  };
  for (const auto& [protocol, over] : kProtocols) {
    const auto asker = make_asker(*client, *server, protocol);
    Ask ask{.target = "/seen.txt"};
    CHECK(found(*asker, ask));
    for (const char* const coding : {"gzip", "br", "zstd"}) {
      ask.fields = {{"accept-encoding", coding}};
      CHECK(found(*asker, ask));
    }
    ask.fields = {{"range", "bytes=100-200"}};
    CHECK(found(*asker, ask));
    const auto outside = serve(site.ground().at("../outside"));
    CHECK(found(*make_asker(*client, *outside, protocol), Ask{.target = "/canary.txt"}));
    CHECK(found(*asker, Ask{.method = "HEAD", .target = "/seen.txt"}));
    CHECK(!found(*asker, Ask{.target = "/inside.txt"}));
  }
}
