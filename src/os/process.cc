#include "os/process.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>

#include "base/text.h"

namespace troika {

std::string name_of_machine() {
  std::string id;
  std::getline(std::ifstream("/etc/machine-id"), id);  // empty if missing
  std::array<char, HOST_NAME_MAX + 1> host{};
  static_cast<void>(!gethostname(host.data(), host.size() - 1));
  return id + ' ' + host.data();
}

namespace {

namespace fs = std::filesystem;

// cgroups(7): "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
struct Membership {
  bool unified = false;
  fs::path path;  // relative to the mount of the cgroups
};

std::optional<Membership> parse_membership(std::string_view line, std::string_view controller) {
  const std::size_t first = line.find(':');
  if (first == line.npos) return std::nullopt;
  const std::size_t second = line.find(':', first + 1);
  if (second == line.npos) return std::nullopt;
  const std::string controllers =
      "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
  const bool unified = controllers == ",,";
  if (!unified && !controllers.contains(formatted(",{},", controller))) return std::nullopt;
  // "/../other": the process was moved in from outside its namespace.
  fs::path path = fs::path(line.substr(second + 1)).relative_path().lexically_normal();
  if (path.string().starts_with("..")) path.clear();
  return Membership{unified, std::move(path)};
}

std::optional<double> quota_in(const fs::path& folder, bool unified) {
  double quota = 0, period = 0;
  if (unified) {
    if (!(std::ifstream(folder / "cpu.max") >> quota >> period)) return std::nullopt;  // or "max"
  } else {
    if (!(std::ifstream(folder / "cpu.cfs_quota_us") >> quota)) return std::nullopt;
    if (!(std::ifstream(folder / "cpu.cfs_period_us") >> period)) return std::nullopt;
  }
  if (quota <= 0 || period <= 0) return std::nullopt;  // -1: no limit
  return quota / period;
}

std::optional<double> memory_in(const fs::path& folder, bool unified) {
  double bytes = 0;
  const char* const name = unified ? "memory.max" : "memory.limit_in_bytes";
  if (!(std::ifstream(folder / name) >> bytes)) return std::nullopt;  // or "max"
  return bytes;
}

// The least value of our cgroup and those above it, up to the mount; in many containers the top of
// the mount is our cgroup. `mounts_v1`: where version 1 has the controller.
template <class Read>
std::optional<double> least_in_cgroups(const fs::path& root, std::string_view controller,
                                       std::initializer_list<const char*> mounts_v1, Read read) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::optional<double> least;
  const auto look = [&](const fs::path& mount, fs::path path, bool unified) {
    for (bool more = true; more; path = path.parent_path()) {
      more = !path.empty();
      const std::optional<double> value = read(mount / path, unified);
      if (value && (!least || *value < *least)) least = value;
    }
  };
  std::ifstream memberships(root / "proc/self/cgroup");
  for (std::string line; std::getline(memberships, line);) {
    const auto member = parse_membership(line, controller);
    if (!member) continue;
    if (member->unified) {
      for (const fs::path& mount : {mounts, mounts / "unified"}) look(mount, member->path, true);
    } else {
      for (const char* const name : mounts_v1) look(mounts / name, member->path, false);
    }
  }
  return least;
}

}  // namespace

std::optional<unsigned> cpu_quota(const fs::path& root) {
  const auto least = least_in_cgroups(root, "cpu", {"cpu", "cpu,cpuacct"}, quota_in);
  if (!least) return std::nullopt;
  return static_cast<unsigned>(std::clamp(std::ceil(*least), 1.0, 1e6));
}

std::size_t usable_memory(const fs::path& root) {
  std::ifstream meminfo(root / "proc/meminfo");
  std::string name;
  double kibibytes = 0;
  const bool known = meminfo >> name >> kibibytes && name == "MemTotal:";
  const double machine = known ? kibibytes * 1024 : 0;
  const auto least = least_in_cgroups(root, "memory", {"memory"}, memory_in);
  if (!least) return static_cast<std::size_t>(machine);
  return static_cast<std::size_t>(known ? std::min(machine, *least) : std::min(*least, 1e15));
}

unsigned usable_cores() noexcept {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  const int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
  const auto scheduled = static_cast<unsigned>(std::max(count, 1));
  return std::min(scheduled, cpu_quota("/").value_or(scheduled));
}

bool open_closed_streams() noexcept {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() returns the lowest free number.
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return false;
  }
  return true;
}

std::string shortage_text(const std::error_code& error) {
  if (error == std::errc::resource_unavailable_try_again) {
    return "cannot create more threads: raise the limits of threads (ulimit -u, "
           "or pids.max of its cgroup) and of memory (ulimit -v), or start fewer with --workers";
  }
  if (error == std::errc::too_many_files_open ||
      error == std::errc::too_many_files_open_in_system) {
    return "out of file descriptors: raise the limit with ulimit -n, or start fewer workers with "
           "--workers";
  }
  if (error == std::errc::no_space_on_device) {
    return "the user's limit of watched sockets is reached: raise fs.epoll.max_user_watches with "
           "sysctl";
  }
  if (error == std::errc::not_enough_memory) {
    return "not enough memory: give this process more memory, or start fewer workers with "
           "--workers";
  }
  return formatted("the server cannot be started: {}", error.message());
}

// Any part of the program may run out of memory, and none can recover.
void end_without_memory() noexcept {
  std::set_new_handler([] {
    constexpr std::string_view kText =
        "troika: not enough memory: give this process more memory, or start fewer workers with "
        "--workers\n";
    static_cast<void>(!write(STDERR_FILENO, kText.data(), kText.size()));
    _exit(1);
  });
}

}  // namespace troika
