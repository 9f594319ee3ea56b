#pragma once
#include <string>

#include "tools/fetch/visit.h"

namespace troika::fetch {

std::string json_line(const Outcome& outcome);
std::string text(const Outcome& outcome);  // for people: a line per response, and a total

}  // namespace troika::fetch
