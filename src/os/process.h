#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace troika {

// Names this machine, or this container of it: by the machine id (machine-id(5)) and the host's
// name, of which images that were copied share the first only. The same after a restart.
std::string name_of_machine();

// How many CPUs the cgroup of this process, or one above it, leaves to it: cpu.max of version 2,
// cpu.cfs_quota_us of version 1, rounded up, at least 1. Nothing: they set no limit.
// `root`: where proc and sys are.
std::optional<unsigned> cpu_quota(const std::filesystem::path& root);

// What this process may use of the machine's cores: those that the kernel schedules it on, and its
// quota. At least 1.
unsigned usable_cores() noexcept;

// Opens those of standard input, output and error that are closed on /dev/null: else the next file
// or socket gets the number, and what is printed lands in it. Before anything is opened. False: it
// cannot be opened, and errno says why.
bool open_closed_streams() noexcept;

// A sentence about what the machine has too little of for a server to start.
std::string shortage_text(const std::error_code& error);

// When memory is used up, now or later, the process ends with a sentence and exit code 1.
void end_without_memory() noexcept;

}  // namespace troika
