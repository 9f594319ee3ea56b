#include "server/startup_tls.h"

#include <algorithm>
#include <format>
#include <iterator>

#include "certs/dev_ca.h"
#include "server/certificate_keeper.h"
#include "server/private_files.h"

namespace troika {
namespace {

// Makes the local CA's pair when there is no other.
Checked<CertificateSources> sources_of(const ServeOptions& options, Startup& startup) {
  CertificateSources sources{options.certificates, options.certs_folder, ""};
  if (!sources.pairs.empty() || !sources.folder.empty()) return sources;
  const auto folder = default_state_folder();
  if (!folder) return std::unexpected(folder.error());
  const auto made = ensure_dev_certificate(*folder, {}, std::chrono::system_clock::now());
  if (!made) return std::unexpected(made.error());
  sources.pairs.push_back({made->cert_file, made->key_file});
  sources.state_folder = folder->string();
  startup.ca_file = made->ca_file;
  return sources;
}

}  // namespace

Checked<void> prepare_tls(const ServeOptions& options, Startup& startup) {
  auto sources = sources_of(options, startup);
  if (!sources) return std::unexpected(sources.error());
  auto certificates = load_all(std::move(*sources));
  if (!certificates) return std::unexpected(certificates.error());
  startup.certificates = std::move(*certificates);
  if (auto done = keep_keys_out_of_site(options, startup); !done) return done;
  const tls::CertificateSet& set = *startup.certificates.set;
  for (auto& lines : {use_warnings(set), expiry_warnings(set, std::chrono::system_clock::now())}) {
    std::ranges::copy(lines, std::back_inserter(startup.warnings));
  }

  tls::ServerOptions tls;
  tls.client_auth = options.client_auth;
  tls.client_ca_file = options.client_ca;
  tls.ticket_keys = &startup.resumption->tickets;
  // A replay would be let in by the certificate of the client that sent the original.
  if (options.early_data && tls.client_auth == tls::ClientAuth::none) {
    tls.replays = &startup.resumption->replays;
  }
  tls.early_data_bytes =
      static_cast<std::uint32_t>(startup.workers.front().limits.early_data_bytes);
  if (!options.key_log.empty()) {
    auto opened = KeyLogFile::open(options.key_log);
    if (!opened) return std::unexpected(std::move(opened.error()));
    startup.key_log = std::move(*opened);
    startup.key_log_file = options.key_log;
    tls.key_log = startup.key_log.get();
  }
  if (tls.client_auth != tls::ClientAuth::none) {
    startup.warnings.push_back(std::format(
        "clients {} show a certificate of {} (curl: --cert FILE --key FILE)",
        tls.client_auth == tls::ClientAuth::required ? "must" : "may", tls.client_ca_file));
  }
  for (WorkerConfig& worker : startup.workers) {
    tls.certificates = set.copy();
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
