#include "config/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/text.h"
#include "config/config_file.h"
#include "config/values.h"

namespace troika {
namespace {

constexpr std::string_view kUsage =
    R"(Usage: troika serve [DIR] [OPTIONS], or troika serve --config FILE [OPTIONS]
  DIR (or --root DIR): a folder; FILE: docs/configuration.md; neither: a page)";

constexpr std::string_view kExamples = R"(Examples:
  troika serve ./site                  on https://localhost:8443/
  troika serve ./app --spa --cache 'assets/*=immutable'
  troika serve ./docs --clean-urls --error-page 404=/404.html
  troika serve ./site --listen 0.0.0.0:443 --listen '[::]:443' \
      --cert cert.pem --key key.pem --http-redirect 0.0.0.0:80)";

using Words = std::vector<std::string>;  // those behind the program's name

// Groups of options without the blank lines around them that CLI11 leaves, and DIR in the usage
// alone: the help is to fit a screen.
class CompactHelp final : public CLI::Formatter {
 public:
  CompactHelp() { column_width(31); }
  std::string make_group(std::string group, bool positional,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = CLI::Formatter::make_group(std::move(group), positional, std::move(options));
    return text.substr(text.find_first_not_of('\n'));
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return CLI::Formatter::make_usage(app, std::move(name)) + '\n';
  }
  std::string make_positionals(const CLI::App*) const override { return {}; }
};

const char* heading_of(Option::Group group) noexcept {
  switch (group) {
    case Option::Group::hidden: return "";
    case Option::Group::files: return "Files";
    case Option::Group::fields: return "Fields";
    case Option::Group::addresses: return "Addresses";
    case Option::Group::certificate: return "Certificate";
    case Option::Group::process: return "Process";
  }
  return "";
}

// The table as CLI11 takes it. What was given is read from its results, which are as written.
void add_options(CLI::App& serve, std::span<const Option> table) {
  for (const Option& option : table) {
    const std::string name(option.name), help(option.help);
    CLI::Option* added = nullptr;
    if (option.placeholder.empty()) {
      added = serve.add_flag_callback(name, [] {}, help);
    } else {
      if (option.repeat == Option::Repeat::yes) {
        added = serve.add_option_function<Words>(name, [](const Words&) {}, help);
      } else {
        added = serve.add_option_function<std::string>(name, [](const std::string&) {}, help);
      }
      added->option_text(std::string(option.placeholder))->allow_extra_args(false);
    }
    added->group(heading_of(option.group));
  }
}

// An empty value is an error, not a missing option: a variable of the shell may be empty.
Checked<void> check_values(const Option& option, Values values) {
  if (!std::ranges::contains(values, "")) return {};
  const std::string_view kind = option.placeholder.starts_with("DIR")    ? "folder"
                                : option.placeholder.starts_with("FILE") ? "file"
                                                                         : "value";
  return std::unexpected(
      formatted("{0} needs a {1}: {0} {2}", option.name, kind, option.placeholder));
}

bool is_given(const CLI::App& serve, const Option& option) {
  const CLI::Option& parsed = *serve.get_option(std::string(option.name));
  return parsed.count() > 0 && (!option.placeholder.empty() || parsed.as<bool>());
}

Checked<CommandLine> read(const CLI::App& serve, std::span<const Option> table, CommandLine line) {
  if (line.folder.empty() && serve.get_option("dir")->count() > 0) {
    return std::unexpected(
        "the folder name is empty: give one, or omit it to serve the built-in page");
  }
  if (line.file.empty() && serve.get_option("--config")->count() > 0) {
    return std::unexpected("--config needs a file: --config FILE");
  }
  for (const Option& option : table) {
    if (is_given(serve, option)) {
      line.options.push_back({&option, serve.get_option(std::string(option.name))->results()});
    }
  }
  const bool root = std::ranges::contains(
      line.options, "--root", [](const GivenOption& given) { return given.option->name; });
  if (!line.folder.empty() && root) {
    return std::unexpected("the folder is given twice: write it once, as DIR or with --root");
  }
  if (!line.folder.empty() && !line.file.empty()) {
    return std::unexpected(
        formatted("{0} cannot be beside --config: write root = \"{0}\" to a route of {1}",
                  line.folder, line.file));
  }
  for (const auto& [option, values] : line.options) {
    if (auto checked = check_values(*option, values); !checked) {
      return std::unexpected(checked.error());
    }
  }
  return line;
}

// The configuration of the line, read once.
Command serve_command(CommandLine line) {
  if (line.file.empty()) {
    auto config = config_of(line);
    if (!config) return PrintAndExit{config.error(), 1};
    return ServeCommand{std::move(line), std::move(*config)};
  }
  auto read = read_config(line);
  if (!read) return PrintAndExit{errors_text(read.error()), 1};
  return ServeCommand{std::move(line), std::move(read->config)};
}

bool is_option(const std::string& word) { return word.starts_with('-') && word.size() > 1; }

bool may_be_folder(const std::string& word) {
  std::error_code ignored;
  return word.starts_with('.') || word.contains('/') ||
         std::filesystem::is_directory(word, ignored);
}

// The value after an option, or in the same word.
std::string value_of(const Words& words, const std::string& option) {
  if (const std::size_t equals = option.find('='); equals != std::string::npos) {
    return option.substr(equals + 1);
  }
  const auto found = std::ranges::find(words, option);
  return words.end() - found < 2 ? "" : *(found + 1);
}

// "serve" is missing, or comes after words of its own.
std::string misplaced_command_hint(const Words& words) {
  if (words.empty()) return "no command given: troika serve DIR serves a folder";
  const auto serve = std::ranges::find(words, "serve");
  if (serve == words.end() && !is_option(words.front()) && !may_be_folder(words.front())) {
    return formatted("unknown command \"{}\": troika serve DIR serves a folder", words.front());
  }
  std::string meant = "troika serve";
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (word != serve) meant += ' ' + shell_word(*word);
  }
  return "did you mean: " + meant;
}

// `left`: words that "serve" cannot use. `folder`: the word used as DIR.
std::string leftover_hint(const Words& words, const Words& left, const std::string& folder) {
  const auto option = std::ranges::find_if(left, is_option);
  if (option == left.end()) {
    return formatted(
        "only one folder can be served, not both \"{}\" and \"{}\": omit one, or quote a name that "
        "contains a space",
        folder, left.front());
  }
  const std::string name = option->substr(0, option->find('='));
  if (name != "--port" && name != "-p") return "unknown option " + name;
  const std::string value = value_of(words, *option);
  return formatted("unknown option {}: use --listen {}", name, port_number(value) ? value : "PORT");
}

// The one that CLI11 complains of: it has no name for what is not in the help.
std::string hidden_option(const Words& words) {
  std::string last;
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    const auto option = std::ranges::find(options(), name, &Option::name);
    if (option == options().end() || option->group != Option::Group::hidden) continue;
    if (name == last) return name;  // given twice
    last = name;
  }
  return last;
}

std::string complaint(const CLI::ParseError& error, const Words& words, const CLI::App& app,
                      const std::string& folder) {
  const bool without_command = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool leftover = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (without_command || (leftover && app.remaining_size() > 0)) {
    return misplaced_command_hint(words);
  }
  if (leftover) return leftover_hint(words, app.remaining(true), folder);
  std::string said = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return said;
  std::string name = said.substr(0, said.find(':'));
  if (name.empty()) name = hidden_option(words);
  const CLI::Option* const option = app.get_subcommand("serve")->get_option_no_throw(name);
  if (option == nullptr) return said;
  if (option->count() > 1 && option->get_items_expected_max() == 1) {
    return formatted("{} is given {} times: give it once", name, option->count());
  }
  return formatted("{0} needs a value: {0} {1}", name, option->get_option_text());
}

// "config [--origin] serve ...": what stands behind serve is read as ever.
struct ConfigOfServe {
  std::vector<char*> words;  // the program's name, serve, and so on
  ConfigCommand::Comments comments = ConfigCommand::Comments::none;
};
std::optional<ConfigOfServe> config_of_serve(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 3 || words[1] != std::string_view("config")) return std::nullopt;
  const bool origin = words[2] == std::string_view("--origin");
  const auto rest = words.subspan(origin ? 3 : 2);
  if (rest.empty() || rest.front() != std::string_view("serve")) return std::nullopt;
  ConfigOfServe found{{argv[0]}, {}};
  if (origin) found.comments = ConfigCommand::Comments::origin;
  found.words.insert(found.words.end(), rest.begin(), rest.end());
  return found;
}

}  // namespace

Command parse_command_line(int argc, char** argv, const std::string& version,
                           std::span<const Option> table) {
  if (argc > 1 && argv[1] == std::string_view("bench")) {
    return BenchCommand{{argv + 2, argv + argc}};
  }
  std::optional<ConfigOfServe> of_serve = config_of_serve(argc, argv);
  if (of_serve) {
    argc = static_cast<int>(of_serve->words.size());
    argv = of_serve->words.data();
  }
  CLI::App app("Troika serves sites over HTTP/1.1, HTTP/2 and HTTP/3 on one port.", "troika");
  app.set_version_flag("--version", version, "Print the version and those of the libraries");
  app.require_subcommand(1);
  app.formatter(std::make_shared<CompactHelp>());
  app.footer(std::string(kExamples));

  CommandLine line;
  CLI::App* serve = app.add_subcommand("serve", "Serve a folder, or the sites of a file");
  serve->usage(std::string(kUsage))->footer(std::string(kExamples));
  serve->get_help_ptr()->group("");  // its reader has found it already
  serve->add_option("dir", line.folder)->option_text("DIR");
  serve->add_option("--config", line.file)->option_text("FILE")->group("")->allow_extra_args(false);
  add_options(*serve, table);
  CheckCommand checked;
  CLI::App* check = app.add_subcommand("check", "Check a configuration, without serving it");
  check->add_option("file", checked.file)->option_text("FILE")->required();
  const CLI::Option* json = check->add_flag("--json", "Findings as JSON");
  const CLI::Option* strict = check->add_flag("--strict", "Exit with 2 if there are warnings");
  ConfigCommand printed;
  CLI::App* config = app.add_subcommand("config", "Print all values in force, as a configuration");
  config->usage(
      "Usage: troika config [--origin] FILE, or troika config [--origin] serve [DIR] ...");
  config->add_option("file", printed.line.file)->option_text("FILE")->required();
  const CLI::Option* origin = config->add_flag("--origin", "Say where each value comes from");
  app.add_subcommand("bench", "Measure a server");  // for the help: its words are read elsewhere
  ControlCommand command;
  for (const auto& [word, help] :
       {std::pair("reload", "Have a server read its configuration again"),
        {"status", "Print what a server does, as JSON"}}) {
    CLI::App* control = app.add_subcommand(word, help);
    control->add_option("--control", command.socket, "The server's control socket")
        ->option_text("PATH");
    control->callback([&command, word] { command.word = word; });
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return PrintAndExit{app.help(), 0};  // of the subcommand that was named
  } catch (const CLI::CallForVersion&) {
    return PrintAndExit{version, 0};
  } catch (const CLI::ParseError& error) {
    const Words words(argv + 1, argv + argc);
    if (check->parsed() || config->parsed()) {
      const char* const name = check->parsed() ? "check" : "config";
      return PrintAndExit{formatted("{}; see troika {} --help", error.what(), name), 1};
    }
    return PrintAndExit{complaint(error, words, app, line.folder) + "; see troika serve --help", 1};
  }
  if (!command.word.empty()) return command;
  if (check->parsed()) {
    if (json->count() > 0) checked.form = CheckCommand::Form::json;
    if (strict->count() > 0) checked.warnings = CheckCommand::Warnings::fail;
    return checked;
  }
  if (config->parsed()) {
    if (origin->count() > 0) printed.comments = ConfigCommand::Comments::origin;
    return printed;
  }
  auto read_line = read(*serve, table, std::move(line));
  if (!read_line) return PrintAndExit{read_line.error(), 1};
  if (of_serve) return ConfigCommand{std::move(*read_line), of_serve->comments};
  return serve_command(std::move(*read_line));
}

}  // namespace troika
