#include "config/cli.h"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "config/values.h"

using namespace troika;

namespace {

using Words = std::vector<std::string>;

auto parse(Words words, std::span<const Option> table = options()) {
  words.insert(words.begin(), "troika");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(), "troika 1.2.3", table);
}

// Behind "serve".
Config accepted(Words words) {
  words.insert(words.begin(), "serve");
  auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<ServeCommand>(parsed));
  return std::get<ServeCommand>(std::move(parsed)).config;
}

// The words of the whole command.
std::string refused(Words words) {
  const auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
  CHECK(std::get<PrintAndExit>(parsed).code == 1);
  CHECK(!std::get<PrintAndExit>(parsed).text.contains('\n'));
  return std::get<PrintAndExit>(parsed).text;
}

std::vector<std::string> printed_lines(Words words, std::span<const Option> table = options()) {
  const auto parsed = parse(std::move(words), table);
  REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
  CHECK(std::get<PrintAndExit>(parsed).code == 0);
  std::vector<std::string> lines;
  std::istringstream in(std::get<PrintAndExit>(parsed).text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const std::string kHelp = "; see troika serve --help";

}  // namespace

TEST_CASE("A folder may stand before and after options, or be called --root") {
  CHECK(folder_of(accepted({})) == nullptr);
  CHECK(folder_of(accepted({"site", "--listen", "127.0.0.1:1"}))->root == "site");
  CHECK(folder_of(accepted({"--listen", "127.0.0.1:1", "site"}))->root == "site");
  CHECK(folder_of(accepted({"--root", "site", "--spa"}))->root == "site");
  CHECK(refused({"serve", "a", "--root", "b"}) ==
        "the folder is given twice: write it once, as DIR or with --root");
  const std::string empty =
      "the folder name is empty: give one, or omit it to serve the built-in page";
  CHECK(refused({"serve", ""}) == empty);
  CHECK(refused({"serve", "", "--listen", "8443"}) == empty);
  CHECK(refused({"serve", "--listen", "8443", ""}) == empty);
}

TEST_CASE("What comes after bench belongs to it, help and all") {
  std::string program = "troika", name = "bench", url = "https://localhost/", help = "--help";
  std::array<char*, 4> argv{program.data(), name.data(), url.data(), help.data()};
  const auto words_of = [&](int count) {
    const auto parsed = parse_command_line(count, argv.data(), "troika 1.2.3");
    REQUIRE(std::holds_alternative<BenchCommand>(parsed));
    return std::get<BenchCommand>(parsed).words;
  };
  CHECK(words_of(4) == std::vector<std::string_view>{"https://localhost/", "--help"});
  CHECK(words_of(2).empty());
  CHECK(folder_of(accepted({"bench"}))->root == "bench");  // behind serve it is a folder
}

TEST_CASE("An option without its value, or with an empty one, is told what it takes") {
  for (const Option& option : options()) {
    if (option.placeholder.empty()) continue;
    CAPTURE(option.name);
    const std::string name(option.name), placeholder(option.placeholder);
    const std::string kind = placeholder.starts_with("DIR")    ? "folder"
                             : placeholder.starts_with("FILE") ? "file"
                                                               : "value";
    const std::string empty = name + " needs a " + kind + ": " + name + " " + placeholder;
    CHECK(refused({"serve", name, ""}) == empty);
    CHECK(refused({"serve", "--spa", name, ""}) == empty);
    CHECK(refused({"serve", name + "="}).starts_with(name + " needs a "));
    CHECK(refused({"serve", "--quic-upgrade", name}) ==
          name + " needs a value: " + name + " " + placeholder + kHelp);
    if (option.repeat == Option::Repeat::yes) {
      CHECK(refused({"serve", name, "x", name, ""}) == empty);  // beside one that is not empty
    } else {
      CHECK(refused({"serve", name, "x", name, "x"}) ==
            name + " is given 2 times: give it once" + kHelp);
    }
  }
}

TEST_CASE("Options of files and fields need a folder") {
  const auto given = [](const Option& option) -> std::string {
    if (option.name == "--error-page") return "404=/a";
    if (option.name == "--type") return "a=b/c";
    if (option.name == "--cache") return "*=1d";
    if (option.name == "--header") return "A: b";
    return "*";
  };
  for (const Option& option : options()) {
    if (option.group != Option::Group::files && option.group != Option::Group::fields) continue;
    const std::string name(option.name), placeholder(option.placeholder);
    Words words{"serve", name};
    if (!placeholder.empty()) words.push_back(given(option));
    CHECK(refused(words) == name + " needs a folder: troika serve DIR " + name +
                                (placeholder.empty() ? "" : " ") + placeholder);
  }
}

TEST_CASE("Words that cannot be understood are told what was meant") {
  const std::string listen = "unknown option --port: use --listen ";
  const struct {
    Words words;
    std::string said;
  } rows[] = {
      {{}, "no command given: troika serve DIR serves a folder"},
      {{"fly"}, "unknown command \"fly\": troika serve DIR serves a folder"},
      {{"./site"}, "did you mean: troika serve ./site"},
      {{"../my site", "--spa"}, "did you mean: troika serve '../my site' --spa"},
      {{"/"}, "did you mean: troika serve /"},
      {{"."}, "did you mean: troika serve ."},
      {{"--spa", "site"}, "did you mean: troika serve --spa site"},
      {{"./site", "serve"}, "did you mean: troika serve ./site"},
      {{"--spa", "serve", "site"}, "did you mean: troika serve --spa site"},
      {{"serve", "--nope"}, "unknown option --nope"},
      {{"serve", "a", "--nope=3", "b"}, "unknown option --nope"},
      {{"serve", "--port", "8080"}, listen + "8080"},
      {{"serve", "--port", "8080", "site"}, listen + "8080"},
      {{"serve", "site", "--port", "8080"}, listen + "8080"},
      {{"serve", "site", "--port=8080"}, listen + "8080"},
      {{"serve", "site", "-p", "8080"}, "unknown option -p: use --listen 8080"},
      {{"serve", "--port"}, listen + "PORT"},
      {{"serve", "--port", "site"}, listen + "PORT"},
      {{"serve", "--header", "X-A:", "DENY", "site"},
       "only one folder can be served, not both \"DENY\" and \"site\": omit one, or quote a name "
       "that contains a space"},
  };
  for (const auto& [words, said] : rows) CHECK(refused(words) == said + kHelp);
}

TEST_CASE("A word of a shell is quoted where that is needed") {
  CHECK(shell_word("a/b-c_1.2:3+@%=,") == "a/b-c_1.2:3+@%=,");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("a b") == "'a b'");
  CHECK(shell_word("it's") == "'it'\\''s'");
}

TEST_CASE("--help and --version print and leave with 0; the help of serve fits a screen") {
  CHECK(printed_lines({"--version"}) == Words{"troika 1.2.3"});
  for (const Words& words :
       {Words{"--help"}, Words{"-h"}, Words{"serve", "--help"}, Words{"serve", "-h"}}) {
    const std::vector<std::string> lines = printed_lines(words);
    CHECK(lines.size() <= 54);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      CAPTURE(lines[i]);
      CHECK(lines[i].size() <= 80);
      CHECK(!(i > 0 && lines[i].empty() && lines[i - 1].empty()));
    }
  }
}

TEST_CASE("The help has all commands, and a folder may be called as one of them is") {
  const std::vector<std::string> lines = printed_lines({"--help"});
  for (const std::string command : {"serve", "bench"}) {
    CHECK(std::ranges::any_of(
        lines, [&](const std::string& line) { return line.starts_with("  " + command + "  "); }));
    CHECK(folder_of(accepted({command}))->root == command);
  }
  CHECK(refused({"--spa", "bench"}).starts_with("did you mean: troika serve --spa bench"));
}

TEST_CASE("The help of serve has every option of the table, in groups, one line each") {
  const std::vector<std::string> lines = printed_lines({"serve", "--help"});
  CHECK(lines[1].starts_with("Usage: troika serve [DIR]"));
  std::vector<std::string> expected, found;
  std::string heading;
  for (const Option& option : options()) {
    if (option.group == Option::Group::hidden) continue;
    expected.push_back(std::string(option.name) + (option.placeholder.empty() ? "" : " ") +
                       std::string(option.placeholder) + "|" + std::string(option.help));
  }
  std::vector<std::string> headings;
  for (const std::string& line : lines) {
    if (line.starts_with("  --")) {
      const std::string name = line.substr(2, 29);
      found.push_back(name.substr(0, name.find_last_not_of(' ') + 1) + "|" + line.substr(31));
    } else if (line.ends_with(':') && !line.starts_with(' ')) {
      headings.push_back(line);
    }
  }
  CHECK(found == expected);
  CHECK(headings == std::vector<std::string>{"Files:", "Fields:", "Addresses:", "Certificate:",
                                             "Process:", "Examples:"});
}

TEST_CASE("A new option is one row of the table: its value, its help and its errors follow") {
  std::vector<Option> table(options().begin(), options().end());
  table.push_back({"--drain", "SECONDS", Option::Group::process, "Time to finish at the end",
                   [](Config& config, Values values) -> Checked<void> {
                     if (values.front() != "9") {
                       return std::unexpected("must be 9, not \"" + values.front() + "\"");
                     }
                     config.workers = 9;
                     return {};
                   }});
  const auto with = [&](Words words) { return parse(std::move(words), table); };
  const auto text = [&](Words words) { return std::get<PrintAndExit>(with(words)).text; };
  CHECK(std::get<ServeCommand>(with({"serve", "--drain", "9"})).config.workers == 9);
  CHECK(text({"serve", "--drain", "8"}) == "--drain: must be 9, not \"8\"");
  CHECK(text({"serve", "--drain", ""}) == "--drain needs a value: --drain SECONDS");
  CHECK(text({"serve", "--drain"}) == "--drain needs a value: --drain SECONDS" + kHelp);
  CHECK(std::ranges::contains(printed_lines({"serve", "--help"}, table),
                              "  --drain SECONDS              Time to finish at the end"));
  CHECK(refused({"serve", "--drain", "9"}) == "unknown option --drain" + kHelp);
}
