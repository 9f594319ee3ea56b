#pragma once
#include <string>
#include <system_error>

namespace troika {

// Opens those of standard input, output and error that are closed on /dev/null: else the next file
// or socket gets the number, and what is printed lands in it. Before anything is opened. False: it
// cannot be opened, and errno says why.
bool open_closed_streams() noexcept;

// A sentence about what the machine has too little of for a server to start.
std::string shortage_text(const std::error_code& error);

// When memory is used up, now or later, the process ends with a sentence and exit code 1.
void end_without_memory() noexcept;

}  // namespace troika
