#pragma once
#include <chrono>

namespace troika {

// What signals ask of this process: kept from the first statement of main on, whatever the process
// is doing then, and read by the loop of Signals.
//
// SIGINT, SIGTERM and SIGQUIT ask for the end. Before there is a Signals they end the process at
// once, with exit code 0: nothing is served yet. From then on the first one is for the loop; 5 s
// after the second, or with the third, the process ends with exit code 1 even if a thread of it
// hangs in the kernel.
// SIGUSR1 and SIGHUP ask for all logs to be opened again; a SIGHUP that tells of the end of the
// terminal asks for the end of the process. Others that would end the process and say nothing of a
// fault of it are ignored.

// The first statement of main. Calls after the first do nothing.
void catch_signals() noexcept;

// How many times the end was asked for.
unsigned stops_caught() noexcept;
// The terminal's end counts as one such time, if it is the first.
void count_hangup_as_stop() noexcept;
// Ends the process with exit code 1 when the time is over, whatever its threads do. Of several
// calls the one that ends it first counts.
void end_process_after(std::chrono::seconds time) noexcept;

enum class Hangup : unsigned char {
  none,
  of_shell,    // from the shell that started us: perhaps because its terminal is gone
  of_terminal  // from the kernel
};
struct Caught {
  bool reopen = false;
  Hangup hangup = Hangup::none;
};
// What was asked for since the last call.
Caught take_caught() noexcept;
// Whether the terminal that controlled this process at start does no longer.
bool terminal_is_gone() noexcept;

// A descriptor that is readable when something is caught from now on, or was already. Valid until
// the process ends; reading empties it. Throws std::system_error when there is none to be had.
int descriptor_of_caught();

}  // namespace troika
