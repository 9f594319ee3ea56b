#include "server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <format>

namespace troika {
namespace {

constexpr std::size_t kLoop = 5;  // epoll, a timer, an eventfd, and the two ends of libuv's pipe
// The process: its own loop, libuv's lock, an eventfd for signals, the folder, three logs.
constexpr std::size_t kProcess = kLoop + 2 + 1 + 1 + 3;
constexpr std::size_t kPassing = 16;  // temporary: certificates being read, probes at start
constexpr std::size_t kLeastConnections = 16, kLeastFiles = 8;  // per worker

}  // namespace

std::size_t needed_descriptors(const ServeOptions& options, const Limits& limits,
                               unsigned workers) {
  std::size_t worker = kLoop + 2 * options.listen.size() + options.plain.size();
  for (const Address& preferred : {options.preferred_v4, options.preferred_v6}) {
    if (preferred.family() != AF_UNSPEC) ++worker;
  }
  worker += 2;  // the folder, and an excess connection until it is closed
  std::size_t all = kProcess + kPassing + workers * worker;
  if (!options.qlog.empty()) all += 1 + limits.qlog_files;
  return all;
}

std::size_t available_descriptors() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  std::error_code failed;
  const std::filesystem::directory_iterator open("/proc/self/fd", failed);
  const auto used = failed ? 3 : static_cast<std::size_t>(std::distance(open, {}));
  return files.rlim_cur > used ? files.rlim_cur - used : 0;
}

Checked<void> fit_limits(Limits& limits, const ServeOptions& options, unsigned workers,
                         std::size_t available) {
  const std::size_t reserved = needed_descriptors(options, limits, workers);
  const std::size_t least = reserved + (kLeastConnections + kLeastFiles) * workers;
  if (available < least) {
    return std::unexpected(
        std::format("too few file descriptors for {} {}: {} are needed, {} can be had; raise the "
                    "limit with ulimit -n, or start fewer with --workers",
                    workers, workers == 1 ? "worker" : "workers", least, available));
  }
  const std::size_t third = (available - reserved) / 3;
  limits.connections = std::min(limits.connections, third * 2);
  limits.open_files = std::min(limits.open_files, third);
  limits.open_files = std::max(limits.open_files / workers, kLeastFiles);
  limits.handshake_notices = std::max(limits.handshake_notices / workers, 1U);
  for (std::size_t* const share : {&limits.connections, &limits.quic_connections,
                                   &limits.quic_half_open, &limits.quic_retry_above}) {
    *share = std::max(*share / workers, kLeastConnections);
  }
  return {};
}

}  // namespace troika
