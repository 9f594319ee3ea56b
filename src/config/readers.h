#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/text.h"
#include "config/config.h"
#include "config/values.h"

namespace troika {

// What puts written values into the tree, for the rows of the tables of options and settings.

// A place in the tree, where the first step may be a function:
// at<&Config::log, &Config::Log::access>(config).
template <auto first, auto... Members>
auto& at(auto& config) {
  return (std::invoke(first, config).*....*Members);
}

template <auto parse, auto... Place>
Checked<void> one(Config& config, Values values) {
  auto value = parse(values.front());
  if (!value) return std::unexpected(std::move(value).error());
  at<Place...>(config) = std::move(*value);
  return {};
}

template <auto parse, auto... Place>
Checked<void> each(Config& config, Values values) {
  for (const std::string& written : values) {
    auto value = parse(written);
    if (!value) return std::unexpected(std::move(value).error());
    at<Place...>(config).push_back(std::move(*value));
  }
  return {};
}

// Of pairs: the last of two with one key would win without a word.
template <auto parse, auto... Place>
Checked<void> each_once(Config& config, Values values) {
  auto read = each<parse, Place...>(config, values);
  if (!read) return read;
  const auto& pairs = at<Place...>(config);
  for (auto i = pairs.begin(); i != pairs.end(); ++i) {
    if (std::any_of(pairs.begin(), i, [&](const auto& pair) { return pair.first == i->first; })) {
      return std::unexpected(formatted("is given twice for {}: choose one", i->first));
    }
  }
  return {};
}

}  // namespace troika
