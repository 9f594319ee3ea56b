#pragma once
#include <string>

namespace troika {

std::string build_text();    // "0.1.0"
std::string version_text();  // several lines, with the versions of the libraries in use

}  // namespace troika
