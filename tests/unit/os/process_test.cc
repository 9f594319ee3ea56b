#include "os/process.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "unit/os/temp_folder.h"

using namespace troika;

namespace {

struct Machine {
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    folder.write(name, text);
  }
  std::optional<unsigned> quota() const { return cpu_quota(folder.path()); }
  std::size_t memory() const { return usable_memory(folder.path()); }

  TempFolder folder;
};

}  // namespace

TEST_CASE("No cgroup, or one without a quota, limits nothing") {
  const Machine machine;
  CHECK(machine.quota() == std::nullopt);
  machine.put("proc/self/cgroup", "0::/a/b\n");
  CHECK(machine.quota() == std::nullopt);
  machine.put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK(machine.quota() == std::nullopt);
}

TEST_CASE("A quota of version 2 is rounded up, and is one CPU at least") {
  const Machine machine;
  machine.put("proc/self/cgroup", "0::/a/b\n");
  for (const auto& [text, cpus] : {std::pair("100000 100000", 1U),
                                   {"100001 100000", 2U},
                                   {"250000 100000", 3U},
                                   {"1000 100000", 1U},
                                   {"50000 10000\n", 5U}}) {
    CAPTURE(text);
    machine.put("sys/fs/cgroup/a/b/cpu.max", text);
    CHECK(machine.quota() == cpus);
  }
}

TEST_CASE("The least quota of a cgroup and those above it counts") {
  const Machine machine;
  machine.put("proc/self/cgroup", "0::/a/b\n");
  machine.put("sys/fs/cgroup/a/b/cpu.max", "400000 100000");
  machine.put("sys/fs/cgroup/a/cpu.max", "200000 100000");
  CHECK(machine.quota() == 2);
  machine.put("sys/fs/cgroup/a/cpu.max", "800000 100000");
  CHECK(machine.quota() == 4);
}

// A container without a namespace for cgroups sees its path on the host, and its own cgroup at the
// mount.
TEST_CASE("A quota at the top of the mount is found, whatever the path says") {
  for (const char* const path : {"/", "/docker/0123", "/../0123", "/..", ""}) {
    CAPTURE(path);
    const Machine machine;
    machine.put("proc/self/cgroup", "0::" + std::string(path) + "\n");
    machine.put("sys/fs/cgroup/cpu.max", "150000 100000");
    machine.put("sys/fs/0123/cpu.max", "100000 100000");  // not a cgroup
    CHECK(machine.quota() == 2);
  }
}

TEST_CASE("Version 1 has its quota in two files, in a mount of one of two names") {
  for (const char* const mount : {"cpu", "cpu,cpuacct"}) {
    const Machine machine;
    machine.put("proc/self/cgroup",
                "9:cpuset:/c\n4:" + std::string(mount) + ":/a\n1:name=systemd:/a\n0::/\n");
    const std::string at = "sys/fs/cgroup/" + std::string(mount);
    machine.put("sys/fs/cgroup/cpuset/c/cpu.cfs_quota_us", "100000");  // of no meaning there
    machine.put(at + "/a/cpu.cfs_quota_us", "-1");
    machine.put(at + "/a/cpu.cfs_period_us", "100000");
    CHECK(machine.quota() == std::nullopt);
    machine.put(at + "/a/cpu.cfs_quota_us", "220000");
    CHECK(machine.quota() == 3);
  }
}

TEST_CASE("What makes no sense is no quota") {
  const Machine machine;
  machine.put("sys/fs/cgroup/cpu.max", "100000 100000");
  for (const char* const text : {"", "\n", "0", "0:", "::", "nonsense"}) {
    CAPTURE(text);
    machine.put("proc/self/cgroup", text);
    CHECK(machine.quota().value_or(1) == 1);
  }
  machine.put("proc/self/cgroup", "0::/\n");
  for (const char* const text : {"", "max", "100000", "100000 0", "-5 100000", "x y"}) {
    CAPTURE(text);
    machine.put("sys/fs/cgroup/cpu.max", text);
    CHECK(machine.quota() == std::nullopt);
  }
}

TEST_CASE("The memory is that of the machine, or of the least cgroup") {
  const Machine machine;
  CHECK(machine.memory() == 0);
  machine.put("proc/meminfo", "MemTotal:        2048 kB\nMemFree:  1 kB\n");
  CHECK(machine.memory() == 2U << 20U);
  machine.put("proc/self/cgroup", "0::/a/b\n");
  machine.put("sys/fs/cgroup/a/b/memory.max", "max\n");
  CHECK(machine.memory() == 2U << 20U);
  machine.put("sys/fs/cgroup/a/memory.max", "1048576\n");
  CHECK(machine.memory() == 1U << 20U);
  machine.put("sys/fs/cgroup/a/b/memory.max", "65536\n");
  CHECK(machine.memory() == 64U << 10U);
}

TEST_CASE("The memory of a cgroup of version 1, whose limit may be no limit") {
  const Machine machine;
  machine.put("proc/meminfo", "MemTotal:        2048 kB\n");
  machine.put("proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/b\n");
  machine.put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(machine.memory() == 2U << 20U);
  machine.put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1048576\n");
  CHECK(machine.memory() == 1U << 20U);
}
