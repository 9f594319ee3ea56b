#include "tools/cli/command_line.h"

#include <algorithm>

#include "base/text.h"

namespace troika::cli {
namespace {

std::string complaint(const CLI::ParseError& error, const CLI::App& app) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::string first = app.remaining().front();
    return first.starts_with('-') ? "there is no option " + first
                                  : formatted("there is no use for \"{}\"", first);
  }
  std::string said = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return said;
  const std::string name = said.substr(0, said.find(':'));
  const CLI::Option* const option = app.get_option_no_throw(name);
  return option == nullptr
             ? said
             : formatted("{0} needs a value: {0} {1}", name, option->get_option_text());
}

}  // namespace

std::expected<void, Stop> parse(CLI::App& app, std::span<const std::string_view> words) {
  std::vector<std::string> backwards(words.begin(), words.end());  // as CLI11 wants them
  std::ranges::reverse(backwards);
  app.get_formatter()->column_width(32);
  try {
    app.parse(std::move(backwards));
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Stop{app.help(), true});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(
        Stop{formatted("{}; see {} --help", complaint(error, app), app.get_name())});
  }
  return {};
}

std::expected<void, Stop> parse(CLI::App& app, int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return parse(app, words);
}

CLI::Option* add_value(CLI::App& app, const std::string& name, const std::string& shape,
                       const std::string& text, const std::function<bool(std::string_view)>& set) {
  return add_wanted(app, name, "a value like " + shape, text, set)->option_text(shape);
}

CLI::Option* add_wanted(CLI::App& app, const std::string& name, const std::string& wants,
                        const std::string& text, const std::function<bool(std::string_view)>& set) {
  const auto set_all = [=](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      if (set(value)) continue;
      throw CLI::ParseError(formatted("{} takes {}, not \"{}\"", name, wants, value),
                            CLI::ExitCodes::InvalidError);
    }
  };
  return app.add_option_function<std::vector<std::string>>(name, set_all, text)
      ->option_text("N")
      ->allow_extra_args(false);
}

}  // namespace troika::cli
