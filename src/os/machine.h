#pragma once
#include <filesystem>
#include <optional>
#include <string>

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

}  // namespace troika
