#pragma once
#include <catch2/catch_test_macros.hpp>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/words.h"
#include "tools/cli/stop.h"

namespace troika::test {

// A program's options, read from lines as a person writes them.
template <class Options>
struct Parser {
  std::expected<Options, cli::Stop> (*parse_options)(std::span<const std::string_view>);
  std::string before{};  // of each line that is good() or wrong()

  std::expected<Options, cli::Stop> parse(const std::string& line) const {
    const std::vector<std::string> words = words_of(line);
    return parse_options(std::vector<std::string_view>(words.begin(), words.end()));
  }
  Options good(const std::string& line) const {
    const auto options = parse(before + line);
    INFO(line << ": " << (options ? "" : options.error().text));
    REQUIRE(options);
    return *options;
  }
  std::string wrong(const std::string& line) const {
    const auto options = parse(before + line);
    return options ? "nothing" : options.error().text;
  }
};

}  // namespace troika::test
