#pragma once
#include <string>

#include "server/startup.h"

namespace troika {

// The addresses, the folder, the certificates and three curl lines that can be pasted.
std::string banner(const Startup& startup);

}  // namespace troika
