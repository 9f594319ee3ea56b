#include "server/startup_tls.h"

#include "certs/dev_ca.h"

namespace troika {

Checked<void> prepare_tls(const ServeOptions& options, Startup& startup) {
  tls::ServerOptions tls{options.cert_file, options.key_file};
  if (options.cert_file.empty()) {
    const auto folder = default_state_folder();
    if (!folder) return std::unexpected(folder.error());
    const auto made = ensure_dev_certificate(*folder, {}, std::chrono::system_clock::now());
    if (!made) return std::unexpected(made.error());
    tls = {made->cert_file, made->key_file};
    startup.ca_file = made->ca_file;
  }
  startup.cert_file = tls.cert_file;
  tls.ticket_keys = &startup.resumption->tickets;
  if (options.early_data) tls.replays = &startup.resumption->replays;
  tls.early_data_bytes =
      static_cast<std::uint32_t>(startup.workers.front().limits.early_data_bytes);
  if (!options.key_log.empty()) {
    auto opened = KeyLogFile::open(options.key_log);
    if (!opened) return std::unexpected(std::move(opened.error()));
    startup.key_log = std::move(*opened);
    startup.key_log_file = options.key_log;
    tls.key_log = startup.key_log.get();
  }
  for (WorkerConfig& worker : startup.workers) {
    for (auto [wire, context] : {std::pair(tls::Wire::tcp, &worker.tls_tcp),
                                 std::pair(tls::Wire::quic, &worker.tls_quic)}) {
      auto made = tls::ServerContext::make(wire, tls);
      if (!made) return std::unexpected(made.error());
      *context = std::move(*made);
    }
  }
  return {};
}

}  // namespace troika
