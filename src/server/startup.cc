#include "server/startup.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "os/process.h"
#include "os/user.h"
#include "proto/h3/session.h"
#include "server/descriptors.h"
#include "server/generation.h"
#include "server/qlog_folder.h"
#include "server/secrets.h"

namespace troika {
namespace {

constexpr std::size_t kLeastDefaultMemory = 128U << 20U;  // bytes

std::size_t memory_for(std::size_t asked) {
  return asked != 0 ? asked : std::max(usable_memory("/") / 4, kLeastDefaultMemory);
}

Checked<void> open_qlog(const Config& config, Startup& startup) {
  if (config.log.qlog.empty()) return {};
  auto made = QlogFolder::make(config.log.qlog, config.log.qlog_limits);
  if (!made) return std::unexpected(made.error());
  startup.qlog = std::move(*made);
  for (WorkerConfig& worker : startup.workers) {
    worker.make_qlog = [folder = startup.qlog.get(),
                        filter = config.log.qlog_only.value_or(QlogFilter{})](Random& random) {
      return std::make_unique<QlogChoice>(filter, *folder, random);
    };
  }
  return {};
}

// Every file, as the user that will read it again and reopen it.
Checked<void> open_files(const Config& config, Startup& startup) {
  SystemRandom random;
  if (auto done = keep_private(config); !done) return done;
  const auto secrets = config.tls.secrets_file.empty()
                           ? random_secrets(random)
                           : secrets_from(config.tls.secrets_file, random);
  if (!secrets) return std::unexpected(secrets.error());
  startup.resumption = std::make_unique<Resumption>(*secrets, config.tls);
  for (WorkerConfig& worker : startup.workers) {
    worker.memory = startup.memory.get();
    worker.limits = config.limits;
    worker.timeouts = config.timeouts;
    worker.quic = quic::EndpointConfig{config.quic};
    worker.quic.secret = secrets->quic;
    worker.quic.machine = name_of_machine();
    worker.quic.worker = static_cast<std::uint8_t>(&worker - startup.workers.data());
    worker.quic.workers = static_cast<std::uint8_t>(startup.workers.size());
  }
  const auto snapshot =
      snapshot_of(config, startup.addresses, static_cast<unsigned>(startup.workers.size()),
                  *startup.to, startup.warnings);
  if (!snapshot) return std::unexpected(snapshot.error());
  for (WorkerConfig& worker : startup.workers) worker.snapshot = *snapshot;
  if (auto done = prepare_tls(config, startup); !done) return done;
  return open_qlog(config, startup);
}

}  // namespace

std::string as_user(const Config& config, const std::string& sentence) {
  return config.user.empty() ? sentence : formatted("as the user {}: {}", config.user, sentence);
}

Checked<Startup> start_up(const Config& asked) {
  Startup startup;
  Config config = asked;
  startup.sites = config.sites;
  const unsigned workers =
      config.workers == 0 ? std::min(usable_cores(), kMostWorkers) : config.workers;
  if (auto done = fit_limits(config, workers, available_descriptors()); !done) {
    return std::unexpected(done.error());
  }
  startup.workers.resize(workers);
  startup.memory = std::make_unique<MemoryBudget>(memory_for(config.memory), workers);
  User user;
  if (!config.user.empty()) {
    auto found = find_user(config.user, geteuid());
    if (!found) return std::unexpected(found.error());
    user = std::move(*found);
  }
  auto bound = bind_listeners(config, workers);
  if (!bound) return std::unexpected(bound.error());
  startup.addresses = std::move(bound->addresses);
  startup.metrics = std::move(bound->metrics);
  std::ranges::move(bound->warnings, std::back_inserter(startup.warnings));
  for (unsigned i = 0; i < workers; ++i) {
    startup.workers[i].sockets = std::move(bound->workers[i]);
  }
  if (!user.name.empty()) {
    if (auto done = become(user); !done) return std::unexpected(done.error());
  }
  if (auto done = open_files(config, startup); !done) {
    return std::unexpected(as_user(config, done.error()));
  }
  return startup;
}

Checked<void> prepare_tls(const Config& config, Startup& startup) {
  auto certificates = certificates_of(config, startup.warnings);
  if (!certificates) return std::unexpected(certificates.error());
  startup.certificates = std::move(certificates->loaded);
  startup.ca_file = std::move(certificates->ca_file);
  const tls::CertificateSet& set = *startup.certificates.set;

  tls::ServerOptions tls;
  tls.client_auth = config.tls.client_auth;
  tls.client_ca_file = config.tls.client_ca;
  tls.ticket_keys = &startup.resumption->tickets;
  // A replay would be let in by the certificate of the client that sent the original.
  if (config.tls.early_data && tls.client_auth == tls::ClientAuth::none) {
    tls.replays = &startup.resumption->replays;
  }
  tls.early_data_bytes = config.tls.early_data_bytes;
  if (!config.log.keys.empty()) {
    auto opened = KeyLogFile::open(config.log.keys);
    if (!opened) return std::unexpected(std::move(opened.error()));
    startup.key_log = std::move(*opened);
    startup.key_log_file = config.log.keys;
    tls.key_log = startup.key_log.get();
  }
  if (tls.client_auth != tls::ClientAuth::none) {
    startup.warnings.push_back(formatted(
        "clients {} show a certificate of {} (curl: --cert FILE --key FILE)",
        tls.client_auth == tls::ClientAuth::required ? "must" : "may", tls.client_ca_file));
  }
  for (WorkerConfig& worker : startup.workers) {
    tls.certificates = set.copy();
    tls.alpn = {"h2", "http/1.1"};
    auto tcp = tls::ServerContext::make(tls::TransportKind::tcp, tls);
    if (!tcp) return std::unexpected(tcp.error());
    worker.tls_tcp = std::move(*tcp);
    tls.alpn = {h3::traits(worker.limits).alpn};
    auto quic = tls::ServerContext::make(tls::TransportKind::quic, tls);
    if (!quic) return std::unexpected(quic.error());
    worker.tls_quic = std::move(*quic);
  }
  return {};
}

}  // namespace troika
