#include "server/cli.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

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

TEST_CASE("Options of files fill what the handler is given") {
  const SiteOptions plain = accepted({"serve", "site"}).site;
  CHECK(!plain.listing);
  CHECK(!plain.spa);
  CHECK(!plain.clean_urls);
  CHECK(!plain.dotfiles);
  CHECK(plain.compress);
  CHECK(plain.error_pages.empty());

  CHECK(accepted({"serve", "site", "--listing"}).site.listing);
  CHECK(accepted({"serve", "--spa", "site"}).site.spa);
  CHECK(accepted({"serve", "site", "--clean-urls"}).site.clean_urls);
  CHECK(accepted({"serve", "site", "--dotfiles"}).site.dotfiles);
  CHECK(!accepted({"serve", "site", "--no-compress"}).site.compress);
  const auto pages =
      accepted({"serve", "--error-page", "404=/a.html", "site", "--error-page", "503=b"})
          .site.error_pages;
  REQUIRE(pages.size() == 2);
  CHECK(pages[0] == std::pair<std::uint16_t, std::string>(404, "a.html"));
  CHECK(pages[1] == std::pair<std::uint16_t, std::string>(503, "b"));
}

TEST_CASE("Options of fields are repeatable and keep their order") {
  const SiteOptions site =
      accepted({"serve", "--cache", "*.css=7d", "site", "--cache", "[a-c]*=no-store", "--header",
                "X-A: 1, 2", "--header", "x-b:3", "--cors", "https://a.test", "--cors",
                "http://b.test:81"})
          .site;
  REQUIRE(site.cache.size() == 2);
  CHECK(site.cache[0].glob == "*.css");
  CHECK(site.cache[1].glob == "[a-c]*");
  CHECK(site.cache[1].value == "no-store");
  REQUIRE(site.headers.size() == 2);
  CHECK(site.headers[0] == std::pair<std::string, std::string>("x-a", "1, 2"));
  CHECK(site.headers[1] == std::pair<std::string, std::string>("x-b", "3"));
  CHECK(site.cors == std::vector<std::string>{"https://a.test", "http://b.test:81"});
}

TEST_CASE("What is wrong with options of files and fields is said in one sentence") {
  CHECK(refused({"serve", "site", "--error-page", "200=/a"}).contains("200=/a"));
  CHECK(refused({"serve", "site", "--cache", "*.css=sometimes"}).contains("sometimes"));
  CHECK(refused({"serve", "site", "--header", "X-A"}).contains("colon"));
  CHECK(refused({"serve", "site", "--cors", "https://a.test/"}).contains("https://a.test/"));
  CHECK(refused({"serve", "site", "--cache"}).contains("--cache"));
  CHECK(refused({"serve", "site", "--error-page", "404=/a", "--error-page", "404=/b"}) ==
        "--error-page is given twice for 404: choose one page");
  CHECK(refused({"serve", "site", "--header", "X-A: 1", "--header", "x-a: 2"})
            .starts_with("--header is given twice for x-a"));
}

TEST_CASE("Options of files and fields need a folder") {
  for (const std::string name :
       {"--listing", "--spa", "--clean-urls", "--dotfiles", "--no-compress"}) {
    CHECK(refused({"serve", name}) == name + " needs a folder: troika serve DIR " + name);
  }
  CHECK(refused({"serve", "--error-page", "404=/a"}) ==
        "--error-page needs a folder: troika serve DIR --error-page CODE=PATH");
  CHECK(refused({"serve", "--cache", "*=1d"}).contains("DIR --cache GLOB=RULE"));
  CHECK(refused({"serve", "--header", "A: b"}).contains("DIR --header 'NAME: VALUE'"));
  CHECK(refused({"serve", "--cors", "*"}).contains("DIR --cors ORIGIN"));
  CHECK(accepted({"serve", "--root", "site", "--spa"}).site.spa);
}

namespace {

std::vector<std::string> printed_lines(std::vector<std::string> words) {
  const auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
  CHECK(std::get<PrintAndExit>(parsed).code == 0);
  std::vector<std::string> lines;
  std::istringstream text(std::get<PrintAndExit>(parsed).text);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("--help and --version print and leave with 0; the help of serve fits a screen") {
  CHECK(!printed_lines({"--version"}).empty());
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--help"}, {"-h"}, {"serve", "--help"}, {"serve", "-h"}}) {
    const std::vector<std::string> lines = printed_lines(words);
    CHECK(lines.size() <= 42);
    for (const std::string& line : lines) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
  }
}

TEST_CASE("The help of serve has its options in groups, one line each") {
  const std::vector<std::string> lines = printed_lines({"serve", "--help"});
  const auto at = [&](std::string_view start) {
    CAPTURE(start);
    const auto found = std::ranges::find_if(
        lines, [&](const std::string& line) { return line.starts_with(start); });
    CHECK(found != lines.end());
    return found - lines.begin();
  };
  long last = 0;
  for (const std::string_view start : {"Usage: troika serve [DIR]",
                                       "Files:",
                                       "  --listing ",
                                       "  --spa ",
                                       "  --clean-urls ",
                                       "  --error-page CODE=PATH ",
                                       "  --dotfiles ",
                                       "  --no-compress ",
                                       "Fields:",
                                       "  --cache GLOB=RULE ",
                                       "  --header 'NAME: VALUE' ",
                                       "  --cors ORIGIN ",
                                       "Addresses:",
                                       "  --listen [ADDR:]PORT ",
                                       "  --http [ADDR:]PORT ",
                                       "  --http-redirect [ADDR:]PORT ",
                                       "  --alt-svc PORT|off ",
                                       "Certificate:",
                                       "  --cert FILE ",
                                       "  --key FILE ",
                                       "Log:",
                                       "  --access-log FILE|-|off ",
                                       "Examples:"}) {
    const long here = at(start);
    CHECK(here >= last);
    last = here;
  }
  for (std::size_t i = 1; i < lines.size(); ++i) CHECK(!(lines[i].empty() && lines[i - 1].empty()));
}
