#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troika {

// The value of a variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

inline constexpr std::size_t kMostFileValue = 64U << 10U;  // bytes that ${file:PATH} takes

// A text of a configuration file as its author wrote it, with what ${...} stands for put in.
struct Expanded {
  // What came from a file is not for everybody's eyes.
  struct Secret {
    std::string text;
    std::string path;  // of the file, absolute
  };
  std::string text;
  std::vector<std::string> variables{};
  std::vector<Secret> secrets{};
};

// ${NAME}, ${NAME:-DEFAULT}, ${file:PATH} (relative to `folder`; without the line break at its end)
// and $$, which is one dollar sign. The error is one sentence.
Checked<Expanded> expand(std::string_view text, const Environment& environment,
                         const std::string& folder);

}  // namespace troika
