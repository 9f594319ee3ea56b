#include "config/schema.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>
#include <ranges>
#include <utility>

#include "base/text.h"
#include "config/site_settings.h"

namespace troika {

const Setting* find_setting(std::string_view key) noexcept {
  for (const std::span<const Setting> table : {process_settings(), site_settings()}) {
    const auto found = std::ranges::find(table, key, &Setting::key);
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

namespace {

const Option* find_option(std::string_view name) noexcept {
  const auto found = std::ranges::find(options(), name, &Option::name);
  return found == options().end() ? nullptr : &*found;
}

}  // namespace

Checked<void> read_setting(const Setting& setting, Config& config, Values values) {
  if (setting.read != nullptr) return setting.read(config, values);
  return find_option(setting.option)->read(config, values);
}

namespace {

using Kind = Setting::Kind;
using Toml = TomlValue::Kind;

constexpr auto kMany =
    std::to_array<std::string_view>({"certificate", "routes", "site", "site.route"});

constexpr std::string_view form_of(Kind kind) {
  switch (kind) {
    case Kind::text:
    case Kind::path:
    case Kind::log: return "a text in quotes";
    case Kind::texts:
    case Kind::paths: return "an array of texts in quotes";
    case Kind::flag: return "true or false";
    case Kind::count: return "a whole number";
    case Kind::count_off: return "a whole number or \"off\"";
    case Kind::size: return "a size with its unit, in quotes";
    case Kind::time: return "a time with its unit, in quotes";
    case Kind::pairs: return "an array of pairs";
    case Kind::values:
    case Kind::fields: return "a table in braces";
  }
  return "";
}

std::string wrong_type(const Setting& setting, const TomlValue& value) {
  const std::string_view name = short_name(setting.key);
  const std::string& number = value.text;
  if (value.kind == Toml::integer && setting.kind == Kind::size) {
    return formatted("{0} needs a unit: write \"{1}B\", \"{1}KiB\" or \"{1}MiB\"", name, number);
  }
  if (value.kind == Toml::integer && setting.kind == Kind::time) {
    return formatted("{0} needs a unit: write \"{1}s\", \"{1}ms\" or \"{1}m\"", name, number);
  }
  return formatted("{} must be {}, like {} = {}", name, form_of(setting.kind),
                   name_in_table(setting.key), setting.example);
}

// Collects the texts of one value.
class Collector {
 public:
  Collector(Given& given, const TableContext& context) : given_(given), context_(context) {}

  void collect(const TomlValue& value) {
    switch (given_.setting->kind) {
      case Kind::text: return take(value, Toml::text);
      case Kind::size:
      case Kind::time: return take(value, Toml::text);
      case Kind::path: return take_path(value);
      case Kind::log:
        if (value.kind == Toml::text && (value.text == "-" || value.text == "off")) {
          return add(value, value.text);
        }
        return take_path(value);
      case Kind::flag: return take(value, Toml::boolean);
      case Kind::count: return take(value, Toml::integer);
      case Kind::count_off:
        return take(value, value.kind == Toml::text ? Toml::text : Toml::integer);
      case Kind::texts: return each(value, [&](const TomlValue& item) { take(item, Toml::text); });
      case Kind::paths: return each(value, [&](const TomlValue& item) { take_path(item); });
      case Kind::pairs: return take_pairs(value);
      case Kind::values: return take_table(value, "=");
      case Kind::fields: return take_table(value, ": ");
    }
  }

 private:
  void wrong(const TomlValue& value) {
    context_.findings.error(value.at, wrong_type(*given_.setting, value));
  }
  void empty(const TomlValue& value) {
    context_.findings.error(value.at, formatted("{} is empty: write a value, or leave the key out",
                                                short_name(given_.setting->key)));
  }
  void add(const TomlValue& at, std::string text) {
    given_.texts.push_back(std::move(text));
    given_.places.push_back(at.at);
  }

  // The text with what is put into it; nothing: that is an error, which is told.
  std::optional<std::string> expanded(const TomlValue& value) {
    auto expanded = expand(value.text, context_.environment, context_.folder);
    if (!expanded) {
      context_.findings.error(
          value.at, formatted("{}: {}", short_name(given_.setting->key), expanded.error()));
      return std::nullopt;
    }
    std::ranges::move(expanded->variables, std::back_inserter(given_.variables));
    std::ranges::move(expanded->secrets, std::back_inserter(context_.secrets));
    return std::move(expanded->text);
  }
  std::optional<std::string> text_in(const TomlValue& value) {
    if (value.kind == Toml::text) return expanded(value);
    wrong(value);
    return std::nullopt;
  }

  void take(const TomlValue& value, Toml kind) {
    if (value.kind != kind) return wrong(value);
    if (kind != Toml::text) return add(value, value.text);
    if (auto text = expanded(value)) add(value, std::move(*text));
  }
  void take_path(const TomlValue& value) {
    const auto text = text_in(value);
    if (!text) return;
    if (text->empty()) return empty(value);
    const std::filesystem::path path = std::filesystem::path(context_.folder) / *text;
    add(value, path.lexically_normal().string());
  }
  template <class Take>
  void each(const TomlValue& value, Take take_item) {
    if (value.kind == Toml::text) return take_item(value);
    if (value.kind != Toml::array) return wrong(value);
    if (value.items.empty()) return empty(value);
    std::ranges::for_each(value.items, take_item);
  }
  void take_pairs(const TomlValue& value) {
    if (value.kind != Toml::array) return wrong(value);
    if (value.items.empty()) return empty(value);
    for (const TomlValue& item : value.items) {
      if (item.kind != Toml::array || item.items.size() != 2) {
        wrong(item);
        continue;
      }
      const auto left = text_in(item.items[0]), right = text_in(item.items[1]);
      if (!left || !right) continue;
      if (left->contains('=')) {
        context_.findings.error(item.items[0].at,
                                formatted("{} cannot have = in a glob: write ? for it",
                                          short_name(given_.setting->key)));
        continue;
      }
      add(item, *left + '=' + *right);
    }
  }
  void take_table(const TomlValue& value, std::string_view between) {
    if (value.kind != Toml::table) return wrong(value);
    if (value.entries.empty()) return empty(value);
    for (const auto& [key, at, inner] : value.entries) {
      if (key.find_first_of(":=") != std::string::npos || key.empty()) {
        context_.findings.error(at, formatted("{}: \"{}\" cannot be a name here",
                                              short_name(given_.setting->key), key));
        continue;
      }
      const auto take_inner = [&](const TomlValue& item) {
        if (auto text = text_in(item)) add(item, formatted("{}{}{}", key, between, *text));
      };
      const bool several = inner.kind == Toml::array && given_.setting->kind == Kind::fields;
      if (several) {
        std::ranges::for_each(inner.items, take_inner);
      } else {
        take_inner(inner);
      }
    }
  }

  Given& given_;
  const TableContext& context_;
};

// The names that a table of this prefix may have.
std::vector<std::string_view> names_below(std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const std::span<const Setting> table : {process_settings(), site_settings()}) {
    for (const Setting& setting : table) {
      if (!setting.key.starts_with(prefix)) continue;
      const std::string_view rest = setting.key.substr(prefix.size());
      const std::string_view name = rest.substr(0, rest.find('.'));
      if (!std::ranges::contains(names, name)) names.push_back(name);
    }
  }
  if (prefix.empty()) names.push_back("routes");
  return names;
}

// The first setting in a table; null: it is no table.
const Setting* first_below(const std::string& prefix) {
  for (const std::span<const Setting> table : {process_settings(), site_settings()}) {
    for (const Setting& setting : table) {
      if (setting.key.starts_with(prefix)) return &setting;
    }
  }
  return nullptr;
}

// The table that has a key of this name; empty: none has.
std::string_view other_table_with(std::string_view name) {
  for (const std::span<const Setting> table : {process_settings(), site_settings()}) {
    for (const Setting& setting : table) {
      if (name_in_table(setting.key) == name) return table_of(setting.key);
    }
  }
  return {};
}

std::string unknown_key(std::string_view name, std::string_view prefix) {
  const std::vector<std::string_view> names = names_below(prefix);
  const std::string said = formatted("unknown key \"{}\"", name);
  if (const std::string_view meant = nearest(name, names); !meant.empty()) {
    return formatted("{}: did you mean \"{}\"?", said, meant);
  }
  if (const std::string_view table = other_table_with(name); !table.empty()) {
    return formatted("{}: it belongs into {}", said, table);
  }
  std::string all;
  for (const std::string_view each : names) all += (all.empty() ? "" : ", ") + std::string(each);
  return formatted("{}: there are {}", said, all);
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kMostDistance = 2;
  std::string_view best;
  std::size_t least = kMostDistance + 1;
  for (const std::string_view candidate : candidates) {
    // Levenshtein's, row by row; too long a difference needs no look.
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) > kMostDistance) continue;
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i + 1);
      for (std::size_t k = 0; k < candidate.size(); ++k) {
        const std::size_t replaced = diagonal + (word[i] == candidate[k] ? 0 : 1);
        diagonal = std::exchange(row[k + 1], std::min({replaced, row[k] + 1, row[k + 1] + 1}));
      }
    }
    // Of a short word, two letters are all of it.
    if (row.back() < least && 2 * row.back() <= candidate.size()) {
      least = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string_view short_name(std::string_view key) noexcept {
  for (const std::string_view table : {"site.route.", "site.", "certificate."}) {
    if (key.starts_with(table)) return key.substr(table.size());
  }
  return key;
}

std::vector<Given> read_table(const TomlValue& table, std::string_view prefix,
                              const TableContext& context) {
  std::vector<Given> given;
  for (const auto& [name, at, value] : table.entries) {
    if (context.findings.full()) break;
    const std::string key = std::string(prefix) + name;
    if (std::ranges::contains(kMany, key)) continue;
    const auto later = std::ranges::find(later_settings(), key, &LaterSetting::key);
    const Setting* const setting = name.contains('.') ? nullptr : find_setting(key);
    if (later != later_settings().end()) {
      context.findings.error(at, formatted("{}: {}", short_name(key), later->sentence));
    } else if (setting != nullptr) {
      given.push_back({.setting = setting, .key = at, .texts = {}, .places = {}, .variables = {}});
      Collector(given.back(), context).collect(value);
    } else if (name.contains('.') || first_below(key + '.') == nullptr) {
      context.findings.error(at, unknown_key(name, prefix));
    } else if (value.kind != Toml::table) {
      const Setting& first = *first_below(key + '.');
      context.findings.error(
          value.at, formatted("{} must be a table, with keys like {} = {}", short_name(key),
                              name_in_table(first.key), first.example));
    } else {
      std::ranges::move(read_table(value, key + '.', context), std::back_inserter(given));
    }
  }
  return given;
}

namespace {

// The first text that makes the setting's reader fail: an error of the ones before it stays one.
std::size_t first_wrong(const Given& given) {
  const auto fails = [&](std::size_t count) {
    Config probe;
    return !read_setting(*given.setting, probe, Values(given.texts).first(count));
  };
  const auto counts = std::views::iota(std::size_t{1}, given.texts.size());
  const auto found = std::ranges::partition_point(counts, std::not_fn(fails));
  return static_cast<std::size_t>(found - counts.begin());
}

}  // namespace

void apply(std::vector<Given> given, Config& config, Findings& findings) {
  std::ranges::sort(given, {}, &Given::setting);
  for (const Given& each : given) {
    if (findings.full()) return;
    if (each.texts.empty() || (each.setting->read == nullptr && each.setting->option.empty())) {
      continue;
    }
    const auto done = read_setting(*each.setting, config, each.texts);
    if (done) continue;
    findings.error(each.places[first_wrong(each)],
                   formatted("{}: {}", short_name(each.setting->key), done.error()));
  }
}

void Origins::add(Written table, const Given& given, const Findings& findings) {
  const std::string place = findings.place(given.key);
  std::string text = place.substr(0, place.rfind(':'));  // the line is enough
  for (const std::string& variable : given.variables) text += ", $" + variable;
  all_[{table.file, table.line, given.setting->key}] = std::move(text);
}

void Origins::add_option(const Option& option) {
  for (const std::span<const Setting> table : {process_settings(), site_settings()}) {
    for (const Setting& setting : table) {
      if (setting.option == option.name) {
        all_[{0, 0, setting.key}] = "option " + std::string(option.name);
      }
    }
  }
}

std::string Origins::of(Written table, std::string_view key) const {
  const auto found = all_.find({table.file, table.line, key});
  return found == all_.end() ? "default" : found->second;
}

}  // namespace troika
