#include "server/generation.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "certs/dev_ca.h"
#include "server/secrets.h"
#include "server/static_site.h"

namespace troika {

Checked<SnapshotSource> snapshot_of(const Config& config, const BoundAddresses& addresses,
                                    unsigned workers, const Operator& to,
                                    std::vector<std::string>& warnings) {
  const std::uint16_t port = config.public_port.value_or(addresses.listen.front().port());
  auto made = make_sites(config.sites, {config.files, workers, port}, &warnings, &to);
  if (!made) return std::unexpected(made.error());
  return SnapshotSource{
      .make_site = std::move(*made), .timeouts = config.exchange_timeouts, .https_port = port};
}

Checked<OwnCertificates> certificates_of(const Config& config, std::vector<std::string>& warnings) {
  OwnCertificates own;
  CertificateSources sources{config.tls.certificates, config.tls.certs_folder, ""};
  if (sources.pairs.empty() && sources.folder.empty()) {
    const auto folder = default_state_folder();
    if (!folder) return std::unexpected(folder.error());
    const auto made = ensure_dev_certificate(*folder, {}, std::chrono::system_clock::now());
    if (!made) return std::unexpected(made.error());
    sources.pairs.push_back({made->cert_file, made->key_file});
    sources.state_folder = folder->string();
    own.ca_file = made->ca_file;
  }
  auto loaded = load_all(std::move(sources));
  if (!loaded) return std::unexpected(loaded.error());
  own.loaded = std::move(*loaded);
  const tls::CertificateSet& set = *own.loaded.set;
  const auto warning = keep_keys_out_of_sites(config, set);
  if (!warning) return std::unexpected(warning.error());
  if (!warning->empty()) warnings.push_back(*warning);
  for (auto& lines : {use_warnings(set), expiry_warnings(set, std::chrono::system_clock::now())}) {
    std::ranges::copy(lines, std::back_inserter(warnings));
  }
  return own;
}

Checked<void> keep_private(const Config& config) {
  const bool logs_to_file = config.log.access != "-" && config.log.access != "off";
  for (const auto& [option, file] : {std::pair("--secrets", config.tls.secrets_file),
                                     {"--keylog", config.log.keys},
                                     {"--qlog", config.log.qlog},
                                     {"--access-log", logs_to_file ? config.log.access : ""}}) {
    if (file.empty()) continue;
    if (auto out = keep_out_of_sites(option, file, config); !out) return out;
  }
  return {};
}

namespace {

Checked<void> check_lasting(const Config& running, const Config& next) {
  const auto lasts = [](std::string_view what, bool same) -> Checked<void> {
    if (same) return {};
    return std::unexpected(
        formatted("{} cannot change while the server runs: restart it to change that", what));
  };
  for (const auto& [what, same] :
       {std::pair("the number of workers (--workers)", running.workers == next.workers),
        {"the user (--user)", running.user == next.user},
        {"the memory (--memory)", running.memory == next.memory},
        {"the clients' CA (--client-ca)", running.tls.client_ca == next.tls.client_ca &&
                                              running.tls.client_auth == next.tls.client_auth},
        {"early data (--no-0rtt)", running.tls.early_data == next.tls.early_data},
        {"the secrets (--secrets)", running.tls.secrets_file == next.tls.secrets_file},
        {"the access log (--access-log)", running.log.access == next.log.access},
        {"the key log (--keylog)", running.log.keys == next.log.keys},
        {"the qlog folder (--qlog)", running.log.qlog == next.log.qlog},
        {"the congestion control (--congestion)",
         running.quic.congestion == next.quic.congestion &&
             running.tcp_congestion == next.tcp_congestion},
        {"the address of the metrics (--metrics)", running.metrics == next.metrics},
        {"the control socket (--control)", running.control == next.control}}) {
    if (auto done = lasts(what, same); !done) return done;
  }
  return {};
}

}  // namespace

Checked<NextGeneration> next_generation(const Config& running, Config next,
                                        const BoundAddresses& now, std::span<const Address> leaving,
                                        unsigned workers, const Operator& to) {
  NextGeneration made{.config = std::move(next)};
  const Config& config = made.config;
  if (auto done = check_lasting(running, config); !done) return std::unexpected(done.error());
  if (auto done = keep_private(config); !done) return std::unexpected(done.error());
  auto certificates = certificates_of(config, made.warnings);
  if (!certificates) return std::unexpected(certificates.error());
  made.certificates = std::move(certificates->loaded);
  auto listeners = plan_listeners(config, now, leaving, workers);
  if (!listeners) return std::unexpected(listeners.error());
  made.listeners = std::move(*listeners);
  std::ranges::copy(made.listeners.warnings, std::back_inserter(made.warnings));
  auto snapshot = snapshot_of(config, made.listeners.addresses, workers, to, made.warnings);
  if (!snapshot) return std::unexpected(snapshot.error());
  made.snapshot = std::move(*snapshot);
  return made;
}

}  // namespace troika
