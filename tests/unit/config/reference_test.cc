// docs/configuration.md and what it promises. `./dev docs` writes the tables of keys into it.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/text.h"
#include "config/site_settings.h"
#include "config/values.h"
#include "support/file_text.h"
#include "test_paths.h"
#include "unit/config/example.h"

using namespace troika;

namespace {

constexpr std::string_view kBegin = "<!-- keys: written by ./dev docs -->\n";
constexpr std::string_view kEnd = "<!-- end of keys -->\n";
const std::string kPage = TROIKA_SOURCE_DIR "/docs/configuration.md";

std::string code(std::string_view text) { return formatted("`{}`", text); }

// Bars would end a cell.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string usual_value(const Setting& setting, const Config& usual) {
  if (setting.write == nullptr) return "";
  const bool quoted = setting.kind != Setting::Kind::flag && setting.kind != Setting::Kind::count &&
                      setting.kind != Setting::Kind::count_off;
  std::string all;
  for (const std::string& text : setting.write(usual)) {
    all += (all.empty() ? "" : ", ") + code(quoted ? '"' + text + '"' : text);
  }
  return all;
}

std::string range_of(const Setting& setting) {
  using std::chrono::milliseconds;
  switch (setting.kind) {
    case Setting::Kind::count: return formatted(" {} to {}.", setting.least, setting.most);
    case Setting::Kind::size:
      return formatted(" {} to {}.", size_text(setting.least), size_text(setting.most));
    case Setting::Kind::time:
      return formatted(" {} to {}.", time_text(milliseconds(setting.least)),
                       time_text(milliseconds(setting.most)));
    default: return "";
  }
}

std::string row(const Setting& setting, std::string_view prefix, const Config& usual) {
  std::string what(setting.help);
  if (setting.most != 0) what += range_of(setting);
  return formatted("| {} | {} | {} | {} | {} |\n", code(setting.key.substr(prefix.size())),
                   cell(code(setting.example)), usual_value(setting, usual), cell(what),
                   setting.option.empty() ? "" : code(setting.option));
}

std::string table(std::string_view heading, std::string_view prefix,
                  std::span<const Setting> settings) {
  std::string text = formatted(
      "\n### {}\n\n| key | for example | by default | | option |\n"
      "|---|---|---|---|---|\n",
      heading);
  Config usual;
  usual.tls.certificates.resize(1);
  for (const Setting& setting : settings) {
    if (!setting.key.starts_with(prefix)) continue;
    const std::string_view name = setting.key.substr(prefix.size());
    if (name.contains('.') && (prefix.empty() || name.starts_with("route."))) continue;
    kRoute(usual).action = PageSpec{};
    if (name.starts_with("redirect")) kRoute(usual).action = RedirectSpec{};
    if (name.starts_with("respond")) kRoute(usual).action = RespondSpec{};
    if (!setting.option.empty() && prefix == "site.route.") kRoute(usual).action = FilesSpec{};
    kRoute(usual).match = name == "strip_prefix" ? RouteSpec::Match::prefix : RouteSpec::Match::all;
    text += row(setting, prefix, usual);
  }
  return text;
}

std::string keys() {
  std::string text = table("Outside of tables", "", process_settings());
  for (const std::string_view name : kProcessTables) {
    text += table(formatted("`[{}]`", name), std::string(name) + '.', process_settings());
  }
  text += table("`[[certificate]]`", "certificate.", process_settings());
  text += table("`[[site]]`", "site.", site_settings());
  return text + table("`[[site.route]]` and `[[routes.NAME]]`", "site.route.", site_settings());
}

}  // namespace

TEST_CASE("docs/configuration.md has every key, as the tables of settings have it") {
  const std::string page = test::file_text(kPage);
  const std::size_t begin = page.find(kBegin), end = page.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::string wanted =
      page.substr(0, begin) + std::string(kBegin) + keys() + '\n' + page.substr(end);
  const char* const write = std::getenv("TROIKA_WRITE_DOCS");
  if (write != nullptr && std::string_view(write) == "1") std::ofstream(kPage) << wanted;
  CHECK(test::file_text(kPage) == wanted);
}

TEST_CASE("Every example of the documentation can be read") {
  std::size_t found = 0;
  for (const char* file : {"/docs/configuration.md", "/README.md"}) {
    const std::string page = test::file_text(TROIKA_SOURCE_DIR + std::string(file));
    constexpr std::string_view kFence = "```toml\n";
    for (std::size_t at = page.find(kFence); at != std::string::npos; at = page.find(kFence, at)) {
      at += kFence.size();
      const std::string text = page.substr(at, page.find("```", at) - at);
      CAPTURE(text);
      const TempFolder folder;
      folder.write("token", "secret");
      const auto read = test::read_text(folder, text);
      if (!read) FAIL_CHECK(errors_text(read.error()));
      ++found;
    }
  }
  CHECK(found >= 9);
}

TEST_CASE("Every key's example can be read") {
  const TempFolder folder;
  for (const std::span<const Setting> settings : {process_settings(), site_settings()}) {
    for (const Setting& setting : settings) {
      if (setting.key == "include" || setting.key == "site.routes") continue;
      CAPTURE(setting.key);
      const std::string_view name = setting.key.starts_with("site.route.") ? setting.key.substr(11)
                                    : setting.key.starts_with("site.")     ? setting.key.substr(5)
                                                                       : name_in_table(setting.key);
      std::string text;
      if (setting.key.starts_with("site.route.")) {
        const bool action = name == "root" || name.starts_with("re");
        text = "[[site]]\n[[site.route]]\n";
        if (name == "strip_prefix") text += "prefix = \"/x\"\n";
        if (!action) text += "root = \"w\"\n";
        if (name == "redirect.status") text += "redirect.to = \"/x\"\n";
      } else if (setting.key.starts_with("site.")) {
        text = "[[site]]\nroute = [{ root = \"w\" }]\n";
        if (name == "canonical") text += "hosts = [\"example.org\"]\n";
      } else if (setting.key.starts_with("certificate.")) {
        text = formatted("[[certificate]]\n{} = \"x\"\n", name == "cert" ? "key" : "cert");
      } else {
        if (name == "client_auth") text = "client_ca = \"x\"\n";
        if (name == "qlog_only") text = "log.qlog = \"x\"\n";
        if (setting.key.contains('.')) text += formatted("{}.", table_of(setting.key));
      }
      text += formatted("{} = {}\n", name, setting.example);
      const auto read = test::read_text(folder, text);
      if (!read) FAIL_CHECK(errors_text(read.error()));
    }
  }
}
