#pragma once
#include <array>
#include <span>
#include <string>

#include "config/options.h"

namespace troika {

// "OpenSSL 3.5.9 29 Sep 2026" and so on, as linked at run time.
std::array<std::string, 6> library_versions();

// The known faults of these libraries that the options expose: one sentence, or empty.
std::string library_warning(std::span<const std::string> libraries, const ServeOptions& options);
// The faults that any options could expose: each with the option that it needs.
std::string library_warning(std::span<const std::string> libraries);

std::string build_text();    // "0.1.0"
std::string version_text();  // several lines, with the versions of the libraries in use

}  // namespace troika
