#pragma once
// Tables of options: each has a name, what a value looks like, a line of help and what sets it.
#include <optional>
#include <string_view>
#include <vector>

#include "tools/cli/values.h"

namespace troika::cli {

// `set` takes a value, or says no.
template <class Into>
struct Setting {
  const char *name, *shape, *text;
  bool (*set)(Into&, std::string_view);
};

template <class T, class Value>
bool put(T& into, const std::optional<Value>& value) {
  if (value) into = static_cast<T>(*value);
  return value.has_value();
}

// "A<mark>B", each by a reader of its own, into a list of aggregates.
template <class T, class A, class B>
bool add_pair(std::vector<T>& into, std::string_view text, char mark, A first, B second) {
  const auto parts = halves(text, mark);
  if (!parts) return false;
  const auto a = first(parts->first);
  const auto b = second(parts->second);
  if (a && b) into.push_back({*a, *b});
  return a && b;
}

}  // namespace troika::cli
