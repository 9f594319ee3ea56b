#include "config/config_file.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/text.h"
#include "config/site_settings.h"
#include "unit/config/example.h"

using namespace troika;
using test::read_text;

namespace {

GivenOption option(std::string_view name, std::vector<std::string> values) {
  const auto found = std::ranges::find(options(), name, &Option::name);
  REQUIRE(found != options().end());
  return {&*found, std::move(values)};
}

Config accepted(const TempFolder& folder, std::string_view text,
                std::vector<GivenOption> given = {}) {
  auto read = read_text(folder, text, std::move(given));
  if (!read) FAIL(errors_text(read.error()));
  return std::move(read->config);
}

// The sentences, each with its line.
std::string refused(const TempFolder& folder, std::string_view text,
                    std::vector<GivenOption> given = {}) {
  const auto read = read_text(folder, text, std::move(given));
  REQUIRE(!read);
  std::string all;
  for (const Finding& finding : read.error().sorted()) {
    all += formatted("{}{}: {}", all.empty() ? "" : "\n", finding.at.line, finding.sentence);
  }
  return all;
}

std::string lines(std::string_view line, std::size_t count) {
  std::string text;
  for (; count > 0; --count) text += line;
  return text;
}

}  // namespace

TEST_CASE("The example fills the tree") {
  const TempFolder folder;
  const Config config = accepted(folder, test::kExample);
  CHECK(config.listen.size() == 2);
  CHECK(!config.both_families);
  CHECK(config.plain.size() == 3);
  CHECK(config.tls.client_ca == folder / "clients.pem");
  CHECK(config.tls.client_auth == tls::ClientAuth::optional);
  REQUIRE(config.tls.certificates.size() == 1);
  CHECK(config.tls.certificates.front().key_file == folder / "internal.key");
  CHECK(config.limits.header_list_bytes == 65536);
  CHECK(config.timeouts.idle_tcp == std::chrono::minutes(1));
  CHECK(config.sources == std::vector<std::string>{folder / "t.toml"});
  REQUIRE(config.sites.size() == 3);

  const SiteSpec& site = config.sites.front();
  CHECK(site.hosts == std::vector<std::string>{"example.org", "www.example.org"});
  CHECK(site.canonical == "example.org");
  CHECK(site.headers == std::vector<SiteOptions::HeaderRule>{{"x-frame-options", "DENY"}});
  CHECK(site.error_pages.front() == std::pair(std::uint16_t{404}, std::string("404.html")));
  REQUIRE(site.routes.size() == 4);
  CHECK(site.routes[0].match == RouteSpec::Match::prefix);
  CHECK(site.routes[0].pattern == "/docs");
  CHECK(site.routes[0].methods == std::vector<std::string>{"GET", "POST"});
  CHECK(site.routes[0].strip_prefix);
  const auto& docs = std::get<FilesSpec>(site.routes[0].action);
  CHECK(docs.root == "/srv/docs");
  CHECK(docs.options.listing);
  CHECK(docs.options.types.front() == std::pair(std::string("md"), std::string("text/plain")));
  CHECK(site.routes[1].match == RouteSpec::Match::path);
  CHECK(std::get<RedirectSpec>(site.routes[1].action).to == "/new");
  CHECK(std::get<RespondSpec>(site.routes[2].action).body == "Contact\n");
  CHECK(site.routes[3].match == RouteSpec::Match::all);
  CHECK(std::get<FilesSpec>(site.routes[3].action).options.cache.size() == 2);
  CHECK(site.routes[3].written.line > site.routes[2].written.line);

  CHECK(config.sites[1].hosts == std::vector<std::string>{"*.saas.example"});
  REQUIRE(config.sites[1].routes.size() == 2);
  // Files add the fields themselves, other actions leave it to the router.
  CHECK(std::get<FilesSpec>(config.sites[1].routes[0].action).options.headers.size() == 2);
  CHECK(std::get<RespondSpec>(config.sites[1].routes[1].action).status == 404);
}

TEST_CASE("Without a site there is the built-in page; paths are relative to the file") {
  const TempFolder folder;
  const Config config = accepted(folder, "secrets = \"../s\"\nlog.access = \"a.log\"\n");
  CHECK(std::holds_alternative<PageSpec>(config.sites.front().routes.front().action));
  const std::filesystem::path here(folder.path());
  CHECK(config.tls.secrets_file == here.parent_path() / "s");
  CHECK(config.log.access == folder / "a.log");
  CHECK(accepted(folder, "log.access = \"-\"").log.access == "-");
  CHECK(accepted(folder, "log.access = \"off\"").log.access == "off");
}

TEST_CASE("Options go before the file, but are not merged with its arrays") {
  const TempFolder folder;
  const std::string file = folder / "t.toml";
  CHECK(accepted(folder, "workers = 3\nmemory = \"1GiB\"", {option("--workers", {"5"})}).workers ==
        5);
  CHECK(!accepted(folder, "early_data = true", {option("--no-0rtt", {})}).tls.early_data);
  CHECK(accepted(folder, "workers = 3", {option("--listen", {"9"})}).listen.size() == 2);
  using tls::ClientAuth;
  const std::string mtls = "client_ca = \"a\"\nclient_auth = \"optional\"\n";
  CHECK(accepted(folder, mtls, {option("--client-ca", {"b"})}).tls.client_auth ==
        ClientAuth::optional);
  CHECK(accepted(folder, mtls, {option("--client-auth", {"required"})}).tls.client_auth ==
        ClientAuth::required);
  CHECK(refused(folder, "\nlisten = [\"1\"]", {option("--listen", {"9"})}) ==
        "0: --listen and the file's listen are not merged (" + file +
            ":2:1): leave one of them out");
  CHECK(refused(folder, "[[certificate]]\ncert = \"a\"\nkey = \"b\"", {option("--cert", {"c"})}) ==
        "0: --cert and the file's [[certificate]] are not merged (" + file +
            ":1:3): leave one of them out");
  CHECK(refused(folder, "workers = 3", {option("--spa", {})}) ==
        "0: --spa cannot be beside --config: write it to a route of the file");
  CHECK(refused(folder, "workers = 3", {option("--root", {"x"})}) ==
        "0: --root cannot be beside --config: write it to a route of the file");
  CHECK(refused(folder, "workers = 3", {option("--workers", {"0"})}) ==
        "0: --workers: must be a number from 1 to 128, not \"0\"");
  CHECK(refused(folder, "workers = 3", {option("--qlog-only", {"1/2"})}) ==
        "0: --qlog-only requires --qlog DIR");
}

TEST_CASE("All errors of meaning are told, 20 at most, in the order of the file") {
  const TempFolder folder;
  CHECK(
      refused(folder, "workers = 0\nx = 1\n[[site]]\nhosts = [\"a b\"]\n[limits]\nstreams = 0\n") ==
      "1: workers: must be a number from 1 to 128, not \"0\"\n"
      "2: unknown key \"x\": there are include, listen, http, http_redirect, public_port, "
      "server_timing, h3, "
      "certs, "
      "client_ca, client_auth, early_data, secrets, workers, user, memory, control, drain_delay, "
      "certificate, log, "
      "metrics, limits, "
      "timeouts, quic, site, routes\n"
      "3: this site has no routes: write [[site.route]] and below it, for example, root = "
      "\"/srv/www\"\n"
      "4: hosts: must be a host like \"example.org\", \"*.example.org\" (one label) or "
      "\"[2001:db8::7]\", not \"a b\"\n"
      "6: limits.streams: must be a whole number from 1 to 1000, not 0");
  const auto errors = [&](std::size_t sites) {
    return read_text(folder, lines("[[site]]\n", sites)).error();
  };
  CHECK(errors(20).errors() == 20);
  CHECK(errors(21).errors() == 20);
  CHECK(errors_text(errors(19)).starts_with("there are 19 errors:\n"));
  CHECK(errors_text(errors(21)).starts_with("there are 20 errors or more:\n"));
  CHECK(!errors_text(errors(1)).starts_with("there"));
}

TEST_CASE("What is read again is the file as it is now; the error is one line") {
  const TempFolder folder;
  const CommandLine line{.file = folder / "t.toml"};
  folder.write("t.toml", "workers = 3");
  CHECK(read_again(line)->workers == 3);
  folder.write("t.toml", "workers = 4");
  CHECK(read_again(line)->workers == 4);
  folder.write("t.toml", "\nworker = 4");
  const std::string first =
      folder / "t.toml" + ":2:1: unknown key \"worker\": did you mean \"workers\"?";
  CHECK(read_again(line).error() == first);
  folder.write("t.toml", "\nworker = 4\nlsten = 1");
  CHECK(read_again(line).error() == first + " (the first of 2 errors)");
  CHECK(read_again({.options = {option("--workers", {"5"})}})->workers == 5);
}

TEST_CASE("The ends of every count, size and time are taken, and what is beyond them is not") {
  const TempFolder folder;
  std::size_t bounded = 0;
  for (const Setting& setting : process_settings()) {
    if (setting.most == 0) continue;
    ++bounded;
    CAPTURE(setting.key);
    const auto written = [&](std::uint64_t value) {
      switch (setting.kind) {
        case Setting::Kind::size: return formatted("{} = \"{}B\"", setting.key, value);
        case Setting::Kind::time: return formatted("{} = \"{}ms\"", setting.key, value);
        default: return formatted("{} = {}", setting.key, value);
      }
    };
    for (const std::uint64_t value : {setting.least, setting.most}) {
      const Config config = accepted(folder, written(value));
      Config changed;  // by the text that is written of it
      REQUIRE(read_setting(setting, changed, setting.write(config)));
      CHECK(setting.write(changed) == setting.write(config));
    }
    CHECK(refused(folder, written(setting.most + 1)).contains(" from "));
    if (setting.least == 0) continue;
    CHECK(refused(folder, written(setting.least - 1)).contains(" from "));
  }
  CHECK(bounded >= 25);
}

TEST_CASE("Every key has what its row promises, and every option a key") {
  std::vector<std::string_view> named;
  for (const std::span<const Setting> table : {process_settings(), site_settings()}) {
    for (const Setting& setting : table) {
      CAPTURE(setting.key);
      CHECK(!setting.help.empty());
      CHECK(setting.help.ends_with('.'));
      CHECK(find_setting(setting.key) == &setting);
      const bool by_option = std::ranges::contains(options(), setting.option, &Option::name);
      CHECK(by_option == !setting.option.empty());
      const bool by_reader = setting.key == "include" || setting.key == "site.routes";
      CHECK((setting.read != nullptr || by_option) == !by_reader);
      CHECK((setting.write != nullptr) == !by_reader);
      if (by_option) named.push_back(setting.option);
    }
  }
  for (const Option& each : options()) {
    CAPTURE(each.name);
    CHECK(std::ranges::contains(named, each.name));
  }
}

TEST_CASE("Files are included in the order of their names, and belong to sites alone") {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "d");
  const auto site = [](std::string_view host) {
    return formatted("[[site]]\nhosts = [\"{}\"]\n[[site.route]]\nroot = \"w\"\n", host);
  };
  folder.write("d/b.toml", site("b.test"));
  folder.write("d/a.toml", site("a.test") + "[[certificate]]\ncert = \"c\"\nkey = \"k\"\n");
  folder.write("d/c.toml~", "no TOML");
  folder.write("d/.c.toml", "no TOML");
  folder.write("e.toml", "[[routes.r]]\nroot = \"w\"\n");
  const Config config = accepted(folder, "include = [\"d/*.toml\", \"e.toml\"]\n" + site("m.test") +
                                             "[[site]]\nhosts = [\"n.test\"]\nroutes = \"r\"\n");
  std::string hosts;
  for (const SiteSpec& each : config.sites) hosts += each.hosts.front() + ' ';
  CHECK(hosts == "m.test n.test a.test b.test ");
  CHECK(config.sources.size() == 4);
  CHECK(config.sources[config.sites[2].written.file] == folder / "d/a.toml");
  CHECK(std::get<FilesSpec>(config.sites[2].routes[0].action).root == folder / "d/w");
  CHECK(config.tls.certificates.front().cert_file == folder / "d/c");

  folder.write("e.toml", "\nworkers = 3");
  CHECK(refused(folder, "include = [\"e.toml\"]\nx = 1") ==
        "2: an included file has [[site]], [[certificate]] and [[routes.NAME]] only: move "
        "\"workers\" "
        "to the file that includes it");
  folder.write("e.toml", "\n\nx = =");
  CHECK(refused(folder, "include = [\"e.toml\"]\nx = 1").starts_with("3: is not TOML"));
  folder.write("e.toml", "[[routes.r]]\nroot = \"w\"\n");
  CHECK(refused(folder,
                "include = \"e.toml\"\n[[routes.r]]\nroot = \"w\"\n[[site]]\nroutes = \"r\"") ==
        "1: routes.r is there already, at " + folder / "t.toml" + ":2:10: choose another name");
}

TEST_CASE("What nothing matches and what nobody uses are warnings") {
  const TempFolder folder;
  const auto read = read_text(folder, "include = \"d/*.toml\"\n[[routes.r]]\nroot = \"w\"\n");
  REQUIRE(read);
  const auto found = read->findings.sorted();
  REQUIRE(found.size() == 2);
  CHECK(found[0].kind == Finding::Kind::warning);
  CHECK(found[0].sentence == "include: nothing matches " + folder / "d/*.toml");
  CHECK(found[1].sentence == "no site has routes = \"r\": nothing gets there");
}

TEST_CASE("Files, bytes and routes are bounded") {
  const TempFolder folder;
  for (const char* name : {"1.toml", "2.toml", "3.toml"}) folder.write(name, "");
  folder.write("t", "");
  const auto read = [&](std::string_view text, const FileLimits& limits) -> std::string {
    folder.write("t.toml", text);
    const auto result = read_config({.file = folder / "t.toml"}, process_environment(), limits);
    return result ? "" : result.error().sorted().front().sentence;
  };
  const std::string include = "include = \"[1-3].toml\"\n";
  CHECK(read(include, {.includes = 3}) == "");
  CHECK(read(include, {.includes = 2}) == "include: there are more than 2 files");
  CHECK(read(include, {.bytes = include.size()}) == "");
  folder.write("3.toml", "#");
  CHECK(read(include, {.bytes = include.size()}) ==
        "all files of the configuration are longer than 0 MiB");
  const std::string routes =
      "[[routes.r]]\npath = \"/\"\nroot = \"w\"\n[[routes.r]]\nroot = \"w\"\n" +
      std::string("[[site]]\nhosts = [\"a\"]\nroutes = \"r\"\n[[site]]\n") +
      "hosts = [\"b\"]\nroutes = \"r\"\n";
  CHECK(read(routes, {.routes = 4}) == "");
  CHECK(read(routes, {.routes = 3}) == "all sites have more than 3 routes");
}
