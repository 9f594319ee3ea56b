#include "config/print_config.h"

#include <catch2/catch_test_macros.hpp>
#include <ranges>
#include <string>

#include "unit/config/example.h"

using namespace troika;

namespace {

ConfigCommand command_of(std::vector<std::string> words) {
  words.insert(words.begin(), "troika");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const auto parsed = parse_command_line(static_cast<int>(argv.size()), argv.data(), "");
  if (const auto* print = std::get_if<PrintAndExit>(&parsed)) FAIL(print->text);
  return std::get<ConfigCommand>(parsed);
}

std::string printed(std::vector<std::string> words) {
  const PrintAndExit result = run_config(command_of(std::move(words)));
  CHECK(result.code == 0);
  return result.text;
}

}  // namespace

TEST_CASE("What is printed of a file, read again, prints the same") {
  const TempFolder folder;
  folder.write("a.toml", test::kExample);
  const std::string once = printed({"config", folder / "a.toml"});
  folder.write("b.toml", once);
  CHECK(printed({"config", folder / "b.toml"}) == once);
  for (const char* line : {"listen = [\"0.0.0.0:443\", \"[::]:443\"]", "memory = \"512MiB\"",
                           "header_bytes = \"64KiB\"", "idle = \"1m\"", "qlog_only = \"1/100\"",
                           "  headers = { \"x-a\" = [\"1\", \"2\"] }", "  strip_prefix = true",
                           "  redirect.status = 308", "client_auth = \"optional\""}) {
    CAPTURE(line);
    CHECK(('\n' + once).contains('\n' + std::string(line) + '\n'));
  }
}

TEST_CASE("Every option of a command line becomes a key that means the same") {
  const TempFolder folder;
  for (const std::string_view line :
       {"", "site", "site|--spa|--listing|--clean-urls|--dotfiles|--no-compress|--precoded",
        "site|--error-page|404=/a.html|--error-page|503=b",
        "site|--type|md=text/plain|--type|x=text/html; charset=utf-8",
        "site|--cache|*.css=7d|--cache|*=private, max-age=60",
        "site|--header|X-A: 1|--header|*.js=X-B: \"2\"|--header|X-A: 3|--cors|*",
        "--listen|8443|--listen|[::1]:9|--http|:80|--http-redirect|127.0.0.1:81",
        "--listen|[::]:8443",
        "--public-port|443|--alt-svc|off|--preferred-address|[2001:db8::7]:443",
        "--cert|a|--key|b|--cert|c|--key|d|--certs|e", "--client-ca|ca|--client-auth|optional",
        "--client-ca|ca", "--workers|3|--user|nobody|--memory|1GiB|--min-rate|off",
        "--congestion|reno|--access-log|off|--secrets|s|--no-0rtt|--quic-upgrade",
        "--access-log|a$b|--keylog|k|--qlog|q|--qlog-only|10.0.0.0/8"}) {
    CAPTURE(line);
    std::vector<std::string> words{"config", "serve"};
    if (!line.empty()) {
      for (const auto word : std::views::split(line, '|'))
        words.emplace_back(word.begin(), word.end());
    }
    const std::string once = printed(words);
    folder.write("a.toml", once);
    CHECK(printed({"config", folder / "a.toml"}) == once);
  }
}

TEST_CASE("What comes from a file is printed as that, wherever it is part of a value") {
  const TempFolder folder;
  folder.write("pass", "hush\n");
  folder.write("a.toml",
               "user = \"x${file:pass}y$$\"\n[[site]]\n[[site.route]]\n"
               "respond = { body = \"${file:pass} and ${file:pass}\" }\n");
  const std::string once = printed({"config", folder / "a.toml"});
  const std::string secret = "${file:" + folder / "pass" + "}";
  CHECK(!once.contains("hush"));
  CHECK(once.contains("user = \"x" + secret + "y$$\"\n"));
  CHECK(once.contains("body = \"" + secret + " and " + secret + "\"\n"));
  folder.write("b.toml", once);
  CHECK(printed({"config", folder / "b.toml"}) == once);
}

TEST_CASE("Each value's origin is its line, its option, or the default") {
  const TempFolder folder;
  setenv("TROIKA_TEST_USER", "nobody", 1);
  folder.write("more.toml", "[[site]]\nhosts = [\"b.test\"]\nroutes = \"r\"\n");
  folder.write("a.toml",
               "workers = 3\nuser = \"${TROIKA_TEST_USER}\"\nmemory = \"1GiB\"\n"
               "include = \"more.toml\"\n[[routes.r]]\nrespond = { status = 404 }\n");
  const std::string file = folder / "a.toml";
  const std::string text =
      printed({"config", "--origin", "serve", "--config", file, "--memory", "512MiB"});
  for (const std::string& line :
       {"workers = 3  # " + file + ":1\n",
        "user = \"nobody\"  # " + file + ":2, $TROIKA_TEST_USER\n",
        std::string("memory = \"512MiB\"  # option --memory\n"),
        std::string("early_data = true  # default\n"),
        "hosts = [\"b.test\"]  # " + folder / "more.toml" + ":2\n",
        "  respond.status = 404  # " + file + ":6\n",
        std::string("  respond.type = \"text/plain; charset=utf-8\"  # default\n")}) {
    CAPTURE(line);
    CHECK(text.contains(line));
  }
  CHECK(printed({"config", "--origin", "serve", "site", "--spa"})
            .contains("spa = true  # option --spa\n"));
}

TEST_CASE("A configuration with errors is not printed") {
  const TempFolder folder;
  folder.write("a.toml", "worker = 3\n");
  const PrintAndExit result = run_config(command_of({"config", folder / "a.toml"}));
  CHECK(result.code == 1);
  CHECK(result.text.starts_with(folder / "a.toml" + ":1:1: unknown key \"worker\""));
  CHECK(run_config(command_of({"config", "serve", "--config", "/nowhere/x.toml"})).text ==
        "cannot read the configuration /nowhere/x.toml: No such file or directory");
}
