#pragma once
#include <string>

namespace troika {

struct Startup;

// What a server says of itself when it has started: where it is, and how to try it.
std::string banner(const Startup& startup);

}  // namespace troika
