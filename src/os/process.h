#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace troika {

// Identifies this machine or container by the machine id (machine-id(5)) and the host name; copied
// images share only the first. The same after a restart.
std::string name_of_machine();

// The number of CPUs that the cgroup of this process and those above it allow: cpu.max in version
// 2, cpu.cfs_quota_us in version 1, rounded up, at least 1. Nothing: there is no limit.
// `root`: the folder of proc and sys.
std::optional<unsigned> cpu_quota(const std::filesystem::path& root);

// The bytes of memory that this process may use: those of the machine, or less where the cgroup of
// this process or one above it has a limit (memory.max, memory.limit_in_bytes). 0: unknown.
std::size_t usable_memory(const std::filesystem::path& root);

// The number of cores that this process may use, by its CPU affinity and quota. At least 1.
unsigned usable_cores() noexcept;

// Opens /dev/null for each of standard input, output and error that is closed: otherwise the next
// file or socket gets its number, and printed text lands in it. Call it before anything is opened.
// False: it cannot be opened, see errno.
bool open_closed_streams() noexcept;

// A sentence about the resource that the machine lacks to start a server.
std::string shortage_text(const std::error_code& error);

// From now on the process ends with a sentence and exit code 1 when memory is used up.
void end_without_memory() noexcept;

}  // namespace troika
