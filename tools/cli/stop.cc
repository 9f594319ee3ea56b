#include "tools/cli/stop.h"

#include <cstdio>

#include "base/text.h"

namespace troika::cli {

int end(const Stop& stop, std::string_view program, int code) {
  const std::string text = stop.help ? stop.text : formatted("{}: {}\n", program, stop.text);
  std::fputs(text.c_str(), stop.help ? stdout : stderr);
  return stop.help ? 0 : code;
}

}  // namespace troika::cli
