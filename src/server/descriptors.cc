#include "server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "server/logs.h"

namespace troika {
namespace {

constexpr std::size_t kLoop = 5;  // epoll, a timer, an eventfd, and the two ends of libuv's pipe
// The process: its own loop, libuv's lock, an eventfd for signals, the folder, three logs.
constexpr std::size_t kProcess = kLoop + 2 + 1 + 1 + 3;
constexpr std::size_t kPassing = 16;  // temporary: certificates being read, probes at start
constexpr std::size_t kLeastConnections = 16, kLeastFiles = 8;  // per worker

}  // namespace

std::size_t needed_descriptors(const Config& config, unsigned workers) {
  std::size_t worker = kLoop + 2 * config.listen.size() + config.plain.size();
  for (const Address& preferred : {config.quic.preferred_v4, config.quic.preferred_v6}) {
    if (preferred.family() != AF_UNSPEC) ++worker;
  }
  worker += 2;  // the folder, and an excess connection until it is closed
  std::size_t all = kProcess + kPassing + workers * worker;
  all += Logs::files_of(config);
  if (!config.log.qlog.empty()) all += 1 + config.log.qlog_limits.files;
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

Checked<void> fit_limits(Config& config, unsigned workers, std::size_t available) {
  const std::size_t reserved = needed_descriptors(config, workers);
  const std::size_t least = reserved + (kLeastConnections + kLeastFiles) * workers;
  if (available < least) {
    return std::unexpected(
        formatted("too few file descriptors for {} {}: {} are needed, {} are available; raise the "
                  "limit with ulimit -n, or start fewer with --workers",
                  workers, workers == 1 ? "worker" : "workers", least, available));
  }
  const std::size_t third = (available - reserved) / 3;
  Limits& limits = config.limits;
  std::size_t& open_files = config.files.open_files;
  limits.connections = std::min(limits.connections, third * 2);
  open_files = std::max(std::min(open_files, third) / workers, kLeastFiles);
  limits.handshake_notices = std::max(limits.handshake_notices / workers, 1U);
  for (std::size_t* const share : {&limits.connections, &config.quic.connections,
                                   &config.quic.half_open, &config.quic.retry_above}) {
    *share = std::max(*share / workers, kLeastConnections);
  }
  return {};
}

}  // namespace troika
