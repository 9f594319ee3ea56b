#include "server/startup.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "certs/dev_ca.h"
#include "handlers/page/embedded_handler.h"
#include "loop/udp_socket.h"
#include "os/bind.h"
#include "os/process.h"
#include "os/user.h"
#include "proto/h3/session.h"
#include "server/certificate_store.h"
#include "server/descriptors.h"
#include "server/library_floor.h"
#include "server/qlog_folder.h"
#include "server/secrets.h"
#include "server/static_site.h"

namespace troika {
namespace {

// Before any of them is made.
Checked<void> keep_private(const Config& config) {
  std::vector<std::pair<const char*, std::string>> files{{"--secrets", config.tls.secrets_file},
                                                         {"--keylog", config.log.keys},
                                                         {"--server-log", config.log.server},
                                                         {"--access-log", config.log.access}};
  for (const SiteSpec& site : config.sites) files.emplace_back("access_log", site.access_log);
  for (const auto& [option, file] : files) {
    if (file.empty() || file == "-" || file == "off") continue;
    if (auto out = keep_out_of_sites(option, file, config); !out) return out;
  }
  return {};
}

Checked<void> prepare_site(const Config& config, Startup& startup) {
  SnapshotSource snapshot{.timeouts = config.exchange_timeouts};
  snapshot.make_site = [](const SiteServices&) {
    return Site{.handler = std::make_unique<EmbeddedHandler>(embedded_page(), build_text())};
  };
  if (const FilesSpec* const files = folder_of(config); files != nullptr) {
    const SiteShare share{config.files, static_cast<unsigned>(startup.workers.size())};
    startup.root_notice = std::make_unique<RootNotice>(files->root);
    startup.site_notice = std::make_unique<SiteNotice>();
    auto made = static_site(files->root, files->options, share, &startup.warnings,
                            {startup.root_notice.get(), startup.site_notice.get()});
    if (!made) return std::unexpected(made.error());
    snapshot.make_site = std::move(*made);
  }
  for (WorkerConfig& worker : startup.workers) worker.snapshot = snapshot;
  return {};
}

// Where an address was given as "loopback" or "all", both families are meant: a machine without
// IPv6 is no reason not to start.
Config reachable(const Config& config, Startup& startup) {
  Config possible = config;
  if (!config.both_families || probe_bind(SocketKind::udp, *Address::parse("[::1]:0"))) {
    return possible;
  }
  const auto has_twin = [](const Address& address) {
    return address.family() == AF_INET6 && (address.is_loopback() || address.is_any());
  };
  std::erase_if(possible.listen, has_twin);
  if (possible.listen.empty()) return config;  // asked for by name: binding says what is wrong
  std::erase_if(possible.plain, [&](const auto& plain) { return has_twin(plain.address); });
  startup.warnings.emplace_back("this machine has no IPv6: listening on IPv4 only");
  return possible;
}

// All addresses without a port get the same one, free for TCP and UDP on each of them.
Checked<void> choose_port(std::vector<Address>& addresses) {
  std::vector<Address> open;
  std::ranges::copy_if(addresses, std::back_inserter(open),
                       [](const Address& a) { return a.port() == 0; });
  if (open.empty()) return {};
  const auto port = free_port(open);
  if (!port) return std::unexpected(port.error());
  for (Address& address : addresses) {
    if (address.port() == 0) address.set_port(*port);
  }
  return {};
}

std::string alt_svc_value(const Config& config, const Address& udp) {
  if (!config.announce_http3) return "";
  // A day is long for a developer who changes ports on localhost.
  return formatted("h3=\":{}\"; ma={}", config.public_port.value_or(udp.port()),
                   udp.is_loopback() ? 3600 : 86400);
}

// Found before the kernel does, whose "taken" would send a person looking for another program.
Checked<void> check_overlap(const Config& config) {
  std::vector<Address> all = config.listen;
  for (const Config::PlainListener& plain : config.plain) all.push_back(plain.address);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const bool same_ip = all[i].ip() == all[k].ip() || all[i].is_any() || all[k].is_any();
      if (all[i].family() != all[k].family() || all[i].port() != all[k].port() || !same_ip ||
          all[i].port() == 0) {
        continue;
      }
      return std::unexpected(formatted(
          "{} and {} are the same port of this server: listen on one of them, or change a port",
          all[k].text(), all[i].text()));
    }
  }
  return {};
}

// Makes the kernel deliver datagrams for `address` to their workers; `group` is one of its sockets.
// If that fails, workers forward them, and a warning is added.
void steer(Startup& startup, const Address& address, int group) {
  const auto count = static_cast<unsigned>(startup.workers.size());
  if (count == 1 || steer_by_connection_id(group, count)) return;
  startup.warnings.push_back(formatted(
      "the kernel cannot route QUIC packets to their workers on {}: workers forward them, "
      "which is slower",
      address.text()));
}

// A member of both groups for each worker, in the order of the workers, by which the filter counts.
Checked<void> bind_secure(const Config& config, const Address& address, Startup& startup) {
  for (const SocketKind kind : {SocketKind::tcp, SocketKind::udp}) {
    if (auto free = probe_bind(kind, address); !free) return free;
  }
  for (WorkerConfig& worker : startup.workers) {
    auto tcp = TcpListener::bind(address, {.reuse_port = true});
    if (!tcp) return std::unexpected(tcp.error());
    auto udp = UdpSocket::bind(address, {.reuse_port = true});
    if (!udp) return std::unexpected(udp.error());
    worker.secure.push_back({std::move(*tcp), std::move(*udp), alt_svc_value(config, address)});
  }
  steer(startup, address, startup.workers.front().secure.back().udp.get());
  startup.listen.push_back(address);
  return {};
}

Checked<void> bind_plain(const Config::PlainListener& plain, Startup& startup) {
  Config::PlainListener bound = plain;
  if (auto free = probe_bind(SocketKind::tcp, plain.address); !free) return free;
  for (WorkerConfig& worker : startup.workers) {
    auto tcp = TcpListener::bind(bound.address, {.reuse_port = true});
    if (!tcp) return std::unexpected(tcp.error());
    bound.address = bound_address(tcp->get());
    worker.plain.push_back({std::move(*tcp), plain.redirect});
  }
  startup.plain.push_back(bound);
  return {};
}

// A system that refuses it serves all the same: over TCP with its own.
void set_congestion(const std::string& name, Startup& startup) {
  if (name.empty()) return;
  const auto set = [&](const Fd& listener) {
    const auto done = set_tcp_congestion(listener.get(), name);
    if (!done) startup.warnings.push_back(done.error() + "; TCP connections use the system's");
    return done.has_value();
  };
  for (const WorkerConfig& worker : startup.workers) {
    for (const auto& secure : worker.secure) {
      if (!set(secure.tcp)) return;
    }
    for (const auto& plain : worker.plain) {
      if (!set(plain.tcp)) return;
    }
  }
}

}  // namespace

namespace {

constexpr std::size_t kLeastDefaultMemory = 128U << 20U;  // bytes

std::size_t memory_for(std::size_t asked) {
  return asked != 0 ? asked : std::max(usable_memory("/") / 4, kLeastDefaultMemory);
}

// A listener on all addresses also covers this one.
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

Checked<void> open_qlog(const Config& config, Startup& startup) {
  if (config.log.qlog.empty()) return {};
  if (auto outside = keep_out_of_sites("--qlog", config.log.qlog, config); !outside) return outside;
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

// What a port below 1024 and a congestion control algorithm may need root for.
Checked<void> bind_all(Config& config, Startup& startup) {
  if (auto done = choose_port(config.listen); !done) return done;
  if (auto done = check_overlap(config); !done) return done;
  for (const Address& address : config.listen) {
    if (auto done = bind_secure(config, address, startup); !done) return done;
  }
  for (const Config::PlainListener& plain : config.plain) {
    if (auto done = bind_plain(plain, startup); !done) return done;
  }
  for (const Address& address : {config.quic.preferred_v4, config.quic.preferred_v6}) {
    if (auto done = bind_preferred(address, startup); !done) return done;
  }
  set_congestion(config.tcp_congestion, startup);
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
    worker.https_port = config.public_port.value_or(startup.listen.front().port());
  }
  if (auto done = prepare_site(config, startup); !done) return done;
  if (auto done = prepare_tls(config, startup); !done) return done;
  return open_qlog(config, startup);
}

}  // namespace

std::string as_user(const Config& config, const std::string& sentence) {
  return config.user.empty() ? sentence : formatted("as the user {}: {}", config.user, sentence);
}

Checked<Startup> start_up(const Config& asked) {
  Startup startup;
  Config config = reachable(asked, startup);
  if (const FilesSpec* const files = folder_of(config)) startup.root = files->root;
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
  if (auto done = bind_all(config, startup); !done) return std::unexpected(done.error());
  if (!user.name.empty()) {
    if (auto done = become(user); !done) return std::unexpected(done.error());
  }
  if (auto done = open_files(config, startup); !done) {
    return std::unexpected(as_user(config, done.error()));
  }
  return startup;
}

namespace {

// Makes the local CA's pair when there is no other.
Checked<CertificateSources> sources_of(const Config& config, Startup& startup) {
  CertificateSources sources{config.tls.certificates, config.tls.certs_folder, ""};
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

Checked<void> prepare_tls(const Config& config, Startup& startup) {
  auto sources = sources_of(config, startup);
  if (!sources) return std::unexpected(sources.error());
  auto certificates = load_all(std::move(*sources));
  if (!certificates) return std::unexpected(certificates.error());
  startup.certificates = std::move(*certificates);
  const auto warning = keep_keys_out_of_sites(config, *startup.certificates.set);
  if (!warning) return std::unexpected(warning.error());
  if (!warning->empty()) startup.warnings.push_back(*warning);
  const tls::CertificateSet& set = *startup.certificates.set;
  for (auto& lines : {use_warnings(set), expiry_warnings(set, std::chrono::system_clock::now())}) {
    std::ranges::copy(lines, std::back_inserter(startup.warnings));
  }

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
