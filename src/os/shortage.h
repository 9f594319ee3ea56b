#pragma once
#include <string>
#include <system_error>

namespace troika {

// A sentence about what the machine has too little of for a server to start.
std::string shortage_text(const std::error_code& error);

// When memory is used up, now or later, the process ends with a sentence and exit code 1.
void end_without_memory() noexcept;

}  // namespace troika
