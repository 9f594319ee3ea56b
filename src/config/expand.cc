#include "config/expand.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::string_view kFile = "file:";

bool is_name(std::string_view text) {
  return !text.empty() && !ascii::is_digit(text[0]) && std::ranges::all_of(text, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '_';
  });
}

Checked<std::string> content(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(kMostFileValue + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof()) {
    if (in && in.gcount() > 0) {
      return std::unexpected(formatted("the file {} is longer than {} KiB: use a shorter one", path,
                                       kMostFileValue >> 10U));
    }
    return std::unexpected(
        formatted("cannot read the file {}: {}", path, std::strerror(errno != 0 ? errno : EIO)));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return std::unexpected(formatted("the file {} is empty: write to it", path));
  return text;
}

// One ${...}, by what stands between the braces.
Checked<void> put_in(std::string_view inside, const Environment& environment,
                     const std::string& folder, Expanded& to) {
  if (inside.starts_with(kFile)) {
    const std::filesystem::path path(inside.substr(kFile.size()));
    const std::string whole = (std::filesystem::path(folder) / path).string();
    auto text = content(whole);
    if (!text) return std::unexpected(text.error());
    to.text += *text;
    to.secrets.push_back({std::move(*text), whole});
    return {};
  }
  const std::size_t dash = inside.find(":-");
  const std::string name(inside.substr(0, dash));
  if (!is_name(name)) {
    return std::unexpected(
        formatted("\"${{{}}}\" names no variable: write ${{NAME}}, ${{NAME:-DEFAULT}} or "
                  "${{file:PATH}}, or $$ for a dollar sign",
                  inside));
  }
  const auto value = environment(name);
  if (value && !value->empty()) {
    to.text += *value;
    to.variables.push_back(name);
    return {};
  }
  if (dash == std::string_view::npos) {
    return std::unexpected(formatted(
        "the environment variable {0} is {1}: give it a value, or write ${{{0}:-DEFAULT}}", name,
        value ? "empty" : "not set"));
  }
  to.text += inside.substr(dash + 2);
  return {};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Checked<Expanded> expand(std::string_view text, const Environment& environment,
                         const std::string& folder) {
  Expanded result;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    result.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result.text += '$';
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with('{')) {
      return std::unexpected<std::string>(
          "a dollar sign stands alone: write ${NAME} for a variable, or $$ for a dollar sign");
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      return std::unexpected(formatted(
          "\"${}\" has no closing brace: write ${{NAME}}, or $$ for a dollar sign", text));
    }
    if (auto put = put_in(text.substr(1, end - 1), environment, folder, result); !put) {
      return std::unexpected(put.error());
    }
    text.remove_prefix(end + 1);
  }
  return result;
}

}  // namespace troika
