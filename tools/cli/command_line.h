#pragma once
// The command lines of the tools, read by CLI11.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "tools/cli/settings.h"
#include "tools/cli/stop.h"
#include "tools/cli/values.h"

namespace troika::cli {

// Without the program's name. The sentence points to the help of the app's name.
std::expected<void, Stop> parse(CLI::App& app, std::span<const std::string_view> words);
std::expected<void, Stop> parse(CLI::App& app, int argc, char** argv);

// An option, or without dashes an argument. `set` says no to what is no such value; `shape` is what
// one looks like. Given again, it is set again.
CLI::Option* add_value(CLI::App& app, const std::string& name, const std::string& shape,
                       const std::string& text, const std::function<bool(std::string_view)>& set);
// As above; the sentence says that it takes what it `wants`, and the help N.
CLI::Option* add_wanted(CLI::App& app, const std::string& name, const std::string& wants,
                        const std::string& text, const std::function<bool(std::string_view)>& set);

template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& name, T& into, std::uint64_t least,
                        std::uint64_t most, const std::string& text) {
  const auto wants = formatted("a number from {} to {}", least, most);
  return add_wanted(app, name, wants, text, [&into, least, most](std::string_view value) {
    const auto number = whole(value, least, most);
    if (number) into = static_cast<T>(*number);
    return number.has_value();
  });
}

// A table of options, which set `into`.
template <class Into, std::size_t N>
void add_settings(CLI::App& app, const std::array<Setting<Into>, N>& table, Into& into) {
  for (const Setting<Into>& setting : table) {
    add_value(app, "--" + std::string(setting.name), setting.shape, setting.text,
              [set = setting.set, &into](std::string_view value) { return set(into, value); });
  }
}

}  // namespace troika::cli
