#include "server/startup_quic.h"

#include <algorithm>
#include <format>

#include "loop/udp_socket.h"
#include "os/bind.h"
#include "os/reuseport_filter.h"
#include "server/private_files.h"
#include "server/qlog_choice.h"

namespace troika {
namespace {

// A listener on all addresses has this one, too.
bool is_covered(const Startup& startup, const Address& address) {
  return std::ranges::any_of(startup.listen, [&](const Address& listener) {
    return listener == address || (listener.is_any() && listener.family() == address.family() &&
                                   listener.port() == address.port());
  });
}

// A member of the group for each worker, in the order of the workers, by which the filter counts.
Checked<void> bind_preferred(const Address& address, Startup& startup) {
  if (address.family() == AF_UNSPEC || is_covered(startup, address)) return {};
  if (auto free = probe_bind(SocketKind::udp, address); !free) return free;
  for (WorkerConfig& worker : startup.workers) {
    auto udp = UdpSocket::bind(address, {.reuse_port = true});
    if (!udp) return std::unexpected(udp.error());
    worker.preferred_udp.push_back(std::move(*udp));
  }
  steer(startup, address, startup.workers.front().preferred_udp.back().get());
  return {};
}

Checked<void> open_qlog(const ServeOptions& options, Startup& startup) {
  if (options.qlog.empty()) return {};
  if (auto outside = keep_out_of_site("--qlog", options.qlog, options.root); !outside)
    return outside;
  const Limits& limits = startup.workers.front().limits;
  auto made = QlogFolder::make(options.qlog, {.files = limits.qlog_files,
                                              .waiting = limits.qlog_waiting,
                                              .file_bytes = limits.qlog_file_bytes,
                                              .folder_bytes = limits.qlog_folder_bytes});
  if (!made) return std::unexpected(made.error());
  startup.qlog = std::move(*made);
  for (WorkerConfig& worker : startup.workers) {
    worker.make_qlog = [folder = startup.qlog.get(), filter = options.qlog_only](Random& random) {
      return std::make_unique<QlogChoice>(filter, *folder, random);
    };
  }
  return {};
}

}  // namespace

void steer(Startup& startup, const Address& address, int group) {
  const auto count = static_cast<unsigned>(startup.workers.size());
  if (count == 1 || steer_by_connection_id(group, count)) return;
  startup.warnings.push_back(std::format(
      "this kernel steers no QUIC packets to their workers on {}: they are handed on, which is "
      "slower",
      address.text()));
}

Checked<void> prepare_quic(const ServeOptions& options, Startup& startup) {
  for (const Address& address : {options.preferred_v4, options.preferred_v6}) {
    if (auto bound = bind_preferred(address, startup); !bound) return bound;
  }
  for (WorkerConfig& worker : startup.workers) {
    worker.preferred_v4 = options.preferred_v4;
    worker.preferred_v6 = options.preferred_v6;
  }
  return open_qlog(options, startup);
}

}  // namespace troika
