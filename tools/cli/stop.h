#pragma once
#include <string>
#include <string_view>

namespace troika::cli {

// Why a program ends before it begins: the help that was asked for, or one sentence.
struct Stop {
  std::string text;
  bool help = false;
};
// The exit code: 0 after the help, otherwise `code`.
int end(const Stop& stop, std::string_view program, int code = 1);

}  // namespace troika::cli
