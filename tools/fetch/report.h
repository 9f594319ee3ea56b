#pragma once
#include <string>

#include "tools/fetch/visit.h"

namespace troika::fetch {

std::string json_line(const Outcome& outcome);
std::string text(const Outcome& outcome);  // for people: a line for each answer, and one for all

}  // namespace troika::fetch
