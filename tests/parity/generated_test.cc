#include <catch2/catch_test_macros.hpp>
#include <ctime>
#include <filesystem>
#include <set>

#include "http/message/date.h"
#include "parity/shared_lab.h"
#include "test_paths.h"
#include "tools/parity/run.h"

namespace troika::parity {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(TROIKA_SOURCE_DIR) / "tools/parity";

TEST_CASE("Two thousand requests are answered rightly, and the same over the three protocols") {
  Lab& lab = shared_lab();
  const auto allowed = Differences::read(kFolder / "differences.txt");
  if (!allowed) FAIL(allowed.error());
  const auto set = generate(lab.fixture(), kGeneratedRequests, kGeneratedSeed);
  for (const std::string& difference : run_generated(lab, *allowed, set)) FAIL_CHECK(difference);
  CHECK(lab.close() == 0);
}

TEST_CASE("The generated requests are the same each time, and of every profile and kind") {
  const Fixture fixture;
  const auto set = generate(fixture, kGeneratedRequests, kGeneratedSeed);
  const auto again = generate(fixture, kGeneratedRequests, kGeneratedSeed);
  REQUIRE(set.size() == kGeneratedRequests);
  std::set<std::string> profiles, methods, fields;
  std::size_t bodies = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    CHECK(set[i].ask.target == again[i].ask.target);
    CHECK(set[i].ask.fields == again[i].ask.fields);
    profiles.insert(set[i].profile);
    methods.insert(set[i].ask.method);
    for (const auto& [name, value] : set[i].ask.fields) fields.insert(name);
    bodies += set[i].ask.body ? 1U : 0U;
  }
  CHECK(profiles.size() == 11);
  CHECK(methods.size() == 10);
  CHECK(fields.size() == 12);
  CHECK(bodies > 20);
}

TEST_CASE("What may differ is read from a file that says why") {
  CHECK(Differences::parse("field date: time\nrule boundary: drawn\n")->size() == 2);
  CHECK(Differences::parse("field alt-svc h1 h2: leads\n")->size() == 1);
  CHECK(Differences::parse("field date:\n").error().starts_with("1: "));
  CHECK(Differences::parse("field date h4: x\n").error() == "1: no such protocol: h4");
  CHECK(Differences::parse("field date: x\nrule anything: x\n").error().starts_with("2: "));
  std::string lines;
  for (char c = 'a'; c < 'k'; ++c) lines += std::string("field ") + c + ": x\n";
  CHECK(Differences::parse(lines).has_value());
  CHECK_FALSE(Differences::parse(lines + "field z: x\n").has_value());
}

// What two protocols differ in.
std::string verdict(const char* allowed, const Answer& a, const Answer& b,
                    const char* target = "/a.txt", std::string_view over = "h2") {
  return Differences::parse(allowed)->compare({.target = target}, {"h1", a}, {over, b});
}

TEST_CASE("Every difference that is not allowed is seen") {
  const char* const allowed = "field date: x\nrule boundary: x\nrule future: x\n";
  const Answer one{.status = 200, .fields = {{"date", "a"}, {"etag", "\"x\""}}, .body = "abc"};
  Answer other = one;
  other.fields = {{"etag", "\"x\""}, {"date", "b"}};
  CHECK(verdict(allowed, one, other).empty());
  other.fields.emplace_back("vary", "origin");
  CHECK(verdict(allowed, one, other) == "vary (\"origin\") only in the second");
  CHECK(verdict(allowed, other, one) == "vary (\"origin\") only in the first");
  other.fields = {{"etag", "\"x\""}, {"etag", "\"x\""}, {"date", "b"}};
  CHECK(verdict(allowed, one, other).starts_with("etag: "));
  other = one;
  other.status = 206;
  CHECK(verdict(allowed, one, other) == "status: 200 and 206");
  other = one;
  other.body = "abd";
  CHECK(verdict(allowed, one, other).starts_with("body: at byte 2"));
  other = one;
  other.trailers = {{"x", "y"}};
  CHECK_FALSE(verdict(allowed, one, other).empty());
}

TEST_CASE("Two failures are no agreement, and one is none either") {
  const Answer whole{.status = 200};
  for (const char* const failure : {"reset", "not in time", "no connection"}) {
    const Answer lost{.failure = failure};
    CAPTURE(failure);
    CHECK(verdict("", lost, lost) == std::string("no whole answer over h1: ") + failure);
    CHECK(verdict("", whole, lost) == std::string("no whole answer over h2: ") + failure);
    CHECK(verdict("", lost, whole) == std::string("no whole answer over h1: ") + failure);
  }
}

TEST_CASE("What may have another value has to be there, and only where it may") {
  const char* const allowed = "field date: x\nfield alt-svc h1 h2: x\nfield connection h1: x\n";
  const auto with = [](Fields fields) {
    return Answer{.status = 200, .fields = std::move(fields)};
  };
  const Answer date = with({{"date", "a"}});
  CHECK(verdict(allowed, date, with({{"date", "b"}})).empty());
  CHECK(verdict(allowed, date, with({})) == "no date over h2");
  CHECK(verdict(allowed, with({}), with({})) == "no date over h1");
  const Answer announced = with({{"date", "a"}, {"alt-svc", "h3"}});
  CHECK(verdict(allowed, announced, announced).empty());
  CHECK(verdict(allowed, announced, date) == "alt-svc only over h1");
  CHECK(verdict(allowed, date, announced) == "alt-svc only over h2");
  CHECK(verdict(allowed, announced, date, "/", "h3").empty());
  CHECK(verdict(allowed, announced, announced, "/", "h3") == "alt-svc over h3");
  const Answer closed = with({{"date", "a"}, {"connection", "close"}});
  CHECK(verdict(allowed, closed, date).empty());
  CHECK(verdict(allowed, date, closed) == "connection over h2");
}

TEST_CASE("Only a file of the future may have been modified now") {
  const auto modified = [](std::time_t ago) {
    return Answer{.status = 200,
                  .fields = {{"last-modified", format_http_date(std::time(nullptr) - ago)}}};
  };
  CHECK(verdict("rule future: x\n", modified(5), modified(1), "/future.txt").empty());
  CHECK(verdict("rule future: x\n", modified(5), modified(1), "/future.txt?x").empty());
  CHECK_FALSE(verdict("rule future: x\n", modified(5), modified(1), "/a.txt").empty());
  CHECK_FALSE(verdict("rule future: x\n", modified(9000), modified(1), "/future.txt").empty());
  CHECK_FALSE(verdict("", modified(5), modified(1), "/future.txt").empty());
}

TEST_CASE("Boundaries may differ, and nothing else of the parts") {
  const char* const allowed = "rule boundary: x\n";
  const auto answer = [](const std::string& boundary, const std::string& byte) {
    return Answer{.status = 206,
                  .fields = {{"content-type", "multipart/byteranges; boundary=" + boundary}},
                  .body = "--" + boundary + "\r\n\r\n" + byte + "\r\n--" + boundary + "--\r\n"};
  };
  CHECK(verdict(allowed, answer("one", "x"), answer("two", "x")).empty());
  CHECK_FALSE(verdict(allowed, answer("one", "x"), answer("two", "y")).empty());
}

TEST_CASE("GET and HEAD have the same fields") {
  const auto allowed = *Differences::parse("field date: x\nfield transfer-encoding h1: x\n");
  const auto verdict = [&](const Fields& get, const Fields& head, std::uint16_t status = 200) {
    return allowed.compare_heads({.method = "HEAD"}, {.status = 200, .fields = get, .body = "abc"},
                                 {.status = status, .fields = head});
  };
  const Fields fields{{"date", "a"}, {"etag", "\"1\""}, {"content-length", "3"}};
  CHECK(verdict(fields, {{"content-length", "3"}, {"etag", "\"1\""}, {"date", "b"}}).empty());
  CHECK(verdict({{"date", "a"}, {"transfer-encoding", "chunked"}}, {{"date", "a"}}).empty());
  CHECK(verdict(fields, fields, 404) == "status: 200 and 404");
  CHECK(verdict(fields, {{"date", "a"}, {"etag", "\"1\""}, {"content-length", "4"}})
            .starts_with("content-length: "));
  CHECK(verdict(fields, {{"date", "a"}, {"etag", "\"1\""}}).starts_with("content-length"));
  CHECK(verdict(fields, {{"etag", "\"1\""}, {"content-length", "3"}}).starts_with("date"));
  // What would have to be computed first may be missing, and must be right if it is not.
  Fields live{{"date", "a"}, {"etag", "W/\"1+br\""}, {"content-length", "3"}};
  const Fields without{{"date", "a"}, {"etag", "W/\"1+br\""}};
  CHECK(verdict(live, without).empty());
  Fields wrong = without;
  wrong.emplace_back("content-length", "4");
  CHECK(verdict(live, wrong).starts_with("content-length: "));
  Fields digest = fields;
  digest.emplace_back("repr-digest", "sha-256=:x:");
  CHECK(verdict(digest, fields).empty());
}

}  // namespace
}  // namespace troika::parity
