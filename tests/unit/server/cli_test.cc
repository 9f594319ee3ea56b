#include "server/cli.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

std::variant<ServeOptions, PrintAndExit> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "troika");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

ServeOptions accepted(std::vector<std::string> words) {
  auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<ServeOptions>(parsed));
  return std::get<ServeOptions>(std::move(parsed));
}

std::string refused(std::vector<std::string> words) {
  const auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
  CHECK(std::get<PrintAndExit>(parsed).code == 1);
  CHECK(!std::get<PrintAndExit>(parsed).text.contains('\n'));
  return std::get<PrintAndExit>(parsed).text;
}

}  // namespace

TEST_CASE("With nothing said it serves the built-in page on loopback, port 8443, both families") {
  const ServeOptions options = accepted({"serve"});
  CHECK(options.root.empty());
  CHECK(options.both_families);
  REQUIRE(options.listen.size() == 2);
  CHECK(options.listen[0].text() == "127.0.0.1:8443");
  CHECK(options.listen[1].text() == "[::1]:8443");
  CHECK(options.access_log == "-");
}

TEST_CASE("A folder may stand before and after options, or be called --root") {
  CHECK(accepted({"serve", "site", "--listen", "127.0.0.1:1"}).root == "site");
  CHECK(accepted({"serve", "--listen", "127.0.0.1:1", "site"}).root == "site");
  CHECK(accepted({"serve", "--root", "site"}).root == "site");
  CHECK(refused({"serve", "a", "--root", "b"}).contains("twice"));
}

TEST_CASE("--listen is repeatable, and a port alone means loopback on both families") {
  const ServeOptions options = accepted({"serve", "--listen", "0.0.0.0:443", "--listen", "9"});
  CHECK(options.both_families);
  REQUIRE(options.listen.size() == 3);
  CHECK(options.listen[0].text() == "0.0.0.0:443");
  CHECK(options.listen[1].text() == "127.0.0.1:9");
  CHECK(options.listen[2].text() == "[::1]:9");
}

TEST_CASE("Plain listeners serve or redirect") {
  const ServeOptions options =
      accepted({"serve", "--http", "127.0.0.1:80", "--http-redirect", "127.0.0.1:81"});
  REQUIRE(options.plain.size() == 2);
  CHECK(!options.plain[0].redirect);
  CHECK(options.plain[1].redirect);
  CHECK(options.plain[1].address.port() == 81);
}

TEST_CASE("--alt-svc takes a port or off") {
  CHECK(!accepted({"serve"}).alt_svc);
  CHECK(accepted({"serve", "--alt-svc", "443"}).alt_svc == 443);
  CHECK(accepted({"serve", "--alt-svc", "off"}).alt_svc == 0);
  CHECK(refused({"serve", "--alt-svc", "maybe"}).contains("maybe"));
}

TEST_CASE("What is wrong is said in one sentence") {
  CHECK(refused({"serve", "--listen", "nonsense"}).contains("\"nonsense\""));
  CHECK(refused({"serve", "--listen", "127.0.0.1:99999"}).contains("99999"));
  CHECK(refused({"serve", "--cert", "c"}).contains("--key"));
  CHECK(refused({"serve", "--key", "k"}).contains("--cert"));
  CHECK(refused({"serve", "--nope"}).contains("--nope"));
  CHECK(refused({"fly"}).contains("--help"));
  CHECK(refused({}).contains("--help"));
}

TEST_CASE("--help and --version print and leave with 0; help fits a screen of 100 columns") {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"--help"}, {"--version"}, {"serve", "--help"}}) {
    const auto parsed = parse(words);
    REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
    const PrintAndExit& print = std::get<PrintAndExit>(parsed);
    CHECK(print.code == 0);
    CHECK(std::ranges::count(print.text, '\n') <= 40);
  }
}
