#pragma once
#include <array>
#include <span>
#include <string>

#include "config/config.h"

namespace troika {

// "OpenSSL 3.5.9 29 Sep 2026" and so on, as linked at run time.
std::array<std::string, 6> library_versions();

// What of the known faults of these libraries the configuration lays open: one sentence, or empty.
std::string library_warning(std::span<const std::string> libraries, const Config& config);
// What any configuration could: each fault with the option that it takes.
std::string library_warning(std::span<const std::string> libraries);

std::string build_text();    // "0.1.0"
std::string version_text();  // several lines, with the versions of the libraries in use

}  // namespace troika
