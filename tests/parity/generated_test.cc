#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <set>

#include "parity/run.h"

namespace troika::parity {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(TROIKA_SOURCE_DIR) / "tests/parity";

TEST_CASE("Two thousand requests are answered the same over the three protocols") {
  Lab lab;
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
  CHECK(profiles.size() == 10);
  CHECK(methods.size() == 10);
  CHECK(fields.size() == 12);
  CHECK(bodies > 20);
}

TEST_CASE("What may differ is read from a file that says why") {
  CHECK(Differences::parse("field date: time\nrule boundary: drawn\n")->size() == 2);
  CHECK(Differences::parse("field date:\n").error().starts_with("1: "));
  CHECK(Differences::parse("field date: x\nrule anything: x\n").error().starts_with("2: "));
  std::string lines;
  for (char c = 'a'; c < 'k'; ++c) lines += std::string("field ") + c + ": x\n";
  CHECK(Differences::parse(lines).has_value());
  CHECK_FALSE(Differences::parse(lines + "field z: x\n").has_value());
}

TEST_CASE("Every difference that is not allowed is seen") {
  const auto allowed = *Differences::parse("field date: x\nrule boundary: x\nrule future: x\n");
  const Answer one{.status = 200, .fields = {{"date", "a"}, {"etag", "\"x\""}}, .body = "abc"};
  Answer other = one;
  other.fields = {{"etag", "\"x\""}, {"date", "b"}};
  CHECK(allowed.compare(one, other).empty());
  other.fields.emplace_back("vary", "origin");
  CHECK(allowed.compare(one, other) == "vary (\"origin\") only in the second");
  CHECK(allowed.compare(other, one) == "vary (\"origin\") only in the first");
  other.fields = {{"etag", "\"x\""}, {"etag", "\"x\""}};
  CHECK(allowed.compare(one, other).starts_with("etag: "));
  other = one;
  other.status = 206;
  CHECK(allowed.compare(one, other) == "status: 200 and 206");
  other = one;
  other.body = "abd";
  CHECK(allowed.compare(one, other).starts_with("body: at byte 2"));
  other = one;
  other.failure = "reset";
  CHECK_FALSE(allowed.compare(one, other).empty());
  other = one;
  other.trailers = {{"x", "y"}};
  CHECK_FALSE(allowed.compare(one, other).empty());
}

TEST_CASE("Boundaries may differ, and nothing else of the parts") {
  const auto allowed = *Differences::parse("rule boundary: x\n");
  const auto answer = [](const std::string& boundary, const std::string& byte) {
    return Answer{.status = 206,
                  .fields = {{"content-type", "multipart/byteranges; boundary=" + boundary}},
                  .body = "--" + boundary + "\r\n\r\n" + byte + "\r\n--" + boundary + "--\r\n"};
  };
  CHECK(allowed.compare(answer("one", "x"), answer("two", "x")).empty());
  CHECK_FALSE(allowed.compare(answer("one", "x"), answer("two", "y")).empty());
}

}  // namespace
}  // namespace troika::parity
