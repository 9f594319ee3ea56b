#include "config/cli_hint.h"

#include <algorithm>
#include <filesystem>
#include <format>

#include "config/cli_address.h"
#include "config/shell_word.h"

namespace troika {
namespace {

bool is_option(const std::string& word) { return word.starts_with('-') && word.size() > 1; }

bool may_be_folder(const std::string& word) {
  std::error_code ignored;
  return word.starts_with('.') || word.contains('/') ||
         std::filesystem::is_directory(word, ignored);
}

// The value that stands behind an option, or in the same word.
std::string value_of(const Words& words, const std::string& option) {
  if (const std::size_t equals = option.find('='); equals != std::string::npos) {
    return option.substr(equals + 1);
  }
  const auto found = std::ranges::find(words, option);
  return words.end() - found < 2 ? "" : *(found + 1);
}

}  // namespace

std::string misplaced_command_hint(const Words& words) {
  if (words.empty()) return "there is no command: troika serve DIR serves a folder";
  const auto serve = std::ranges::find(words, "serve");
  if (serve == words.end() && !is_option(words.front()) && !may_be_folder(words.front())) {
    return std::format("there is no command \"{}\": troika serve DIR serves a folder",
                       words.front());
  }
  std::string meant = "troika serve";
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (word != serve) meant += ' ' + shell_word(*word);
  }
  return "did you mean: " + meant;
}

std::string leftover_hint(const Words& words, const Words& left, const std::string& folder) {
  const auto option = std::ranges::find_if(left, is_option);
  if (option == left.end()) {
    return std::format(
        "one folder is served, not \"{}\" and \"{}\" as well: leave one of them out, or put quotes "
        "around what has a space in it",
        folder, left.front());
  }
  const std::string name = option->substr(0, option->find('='));
  if (name != "--port" && name != "-p") return std::format("there is no option {}", name);
  const std::string value = value_of(words, *option);
  return std::format("there is no option {}: use --listen {}", name,
                     port_number(value) ? value : "PORT");
}

}  // namespace troika
