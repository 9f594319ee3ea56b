#pragma once

namespace troika {

// Opens those of standard input, output and error that are closed on /dev/null: else the next file
// or socket gets the number, and what is printed lands in it. Before anything is opened. False: it
// cannot be opened, and errno says why.
bool open_closed_streams() noexcept;

}  // namespace troika
