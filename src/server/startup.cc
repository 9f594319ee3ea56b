#include "server/startup.h"

#include <algorithm>
#include <format>

#include "handlers/page/embedded_handler.h"
#include "loop/udp_socket.h"
#include "os/bind.h"
#include "os/cpu_quota.h"
#include "os/machine.h"
#include "server/descriptors.h"
#include "server/embedded_page.h"
#include "server/private_files.h"
#include "server/startup_quic.h"
#include "server/startup_tls.h"
#include "server/static_site.h"
#include "server/version.h"

namespace troika {
namespace {

// Before any of them is made.
Checked<void> keep_private(const ServeOptions& options) {
  const bool logs_to_file = options.access_log != "-" && options.access_log != "off";
  for (const auto& [option, file] : {std::pair("--secrets", options.secrets_file),
                                     {"--keylog", options.key_log},
                                     {"--access-log", logs_to_file ? options.access_log : ""}}) {
    if (file.empty()) continue;
    if (auto out = keep_out_of_site(option, file, options.root); !out) return out;
  }
  return {};
}

Checked<void> prepare_site(const ServeOptions& options, Startup& startup) {
  std::function<Site(Loop&, BufferPool&)> make_site = [](Loop&, BufferPool&) {
    return Site{.handler = std::make_unique<EmbeddedHandler>(embedded_page(), build_text())};
  };
  if (!options.root.empty()) {
    const SiteShare share{startup.workers.front().limits.open_files,
                          static_cast<unsigned>(startup.workers.size())};
    startup.root_notice = std::make_unique<RootNotice>(options.root);
    startup.site_notice = std::make_unique<SiteNotice>();
    auto made = static_site(options.root, options.site, share, &startup.warnings,
                            {startup.root_notice.get(), startup.site_notice.get()});
    if (!made) return std::unexpected(made.error());
    make_site = std::move(*made);
  }
  for (WorkerConfig& worker : startup.workers) worker.make_site = make_site;
  return {};
}

// Where an address was given as "loopback" or "all", both families are meant: a machine without
// IPv6 is no reason not to start.
ServeOptions reachable(const ServeOptions& options, Startup& startup) {
  ServeOptions possible = options;
  if (!options.both_families || probe_bind(SocketKind::udp, *Address::parse("[::1]:0"))) {
    return possible;
  }
  const auto has_twin = [](const Address& address) {
    return address.family() == AF_INET6 && (address.is_loopback() || address.is_any());
  };
  std::erase_if(possible.listen, has_twin);
  if (possible.listen.empty()) return options;  // asked for by name: binding says what is wrong
  std::erase_if(possible.plain, [&](const auto& plain) { return has_twin(plain.address); });
  startup.warnings.emplace_back("this machine has no IPv6: only IPv4 addresses will answer");
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

std::string alt_svc_value(const ServeOptions& options, const Address& udp) {
  if (!options.announce_http3) return "";
  // A day is long for a developer who changes ports on localhost.
  return std::format("h3=\":{}\"; ma={}", options.public_port.value_or(udp.port()),
                     udp.is_loopback() ? 3600 : 86400);
}

// Found before the kernel does, whose "taken" would send a person looking for another program.
Checked<void> check_overlap(const ServeOptions& options) {
  std::vector<Address> all = options.listen;
  for (const ServeOptions::PlainListener& plain : options.plain) all.push_back(plain.address);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const bool same_ip = all[i].ip() == all[k].ip() || all[i].is_any() || all[k].is_any();
      if (all[i].family() != all[k].family() || all[i].port() != all[k].port() || !same_ip ||
          all[i].port() == 0) {
        continue;
      }
      return std::unexpected(std::format(
          "{} and {} are the same port of this server: listen on one of them, or change a port",
          all[k].text(), all[i].text()));
    }
  }
  return {};
}

// A member of both groups for each worker, in the order of the workers, by which the filter counts.
Checked<void> bind_secure(const ServeOptions& options, const Address& address, Startup& startup) {
  for (const SocketKind kind : {SocketKind::tcp, SocketKind::udp}) {
    if (auto free = probe_bind(kind, address); !free) return free;
  }
  for (WorkerConfig& worker : startup.workers) {
    auto tcp = TcpListener::bind(address, {.reuse_port = true});
    if (!tcp) return std::unexpected(tcp.error());
    auto udp = UdpSocket::bind(address, {.reuse_port = true});
    if (!udp) return std::unexpected(udp.error());
    worker.secure.push_back({std::move(*tcp), std::move(*udp), alt_svc_value(options, address)});
  }
  steer(startup, address, startup.workers.front().secure.back().udp.get());
  startup.listen.push_back(address);
  return {};
}

Checked<void> bind_plain(const ServeOptions::PlainListener& plain, Startup& startup) {
  ServeOptions::PlainListener bound = plain;
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

}  // namespace

Checked<Startup> start_up(const ServeOptions& asked) {
  Startup startup;
  ServeOptions options = reachable(asked, startup);
  startup.root = options.root;
  const unsigned workers =
      options.workers == 0 ? std::min(usable_cores(), kMostWorkers) : options.workers;
  Limits limits;
  if (auto done = fit_limits(limits, options, workers, available_descriptors()); !done) {
    return std::unexpected(done.error());
  }
  startup.workers.resize(workers);
  SystemRandom random;
  if (auto done = keep_private(options); !done) return std::unexpected(done.error());
  const auto secrets = options.secrets_file.empty() ? random_secrets(random)
                                                    : secrets_from(options.secrets_file, random);
  if (!secrets) return std::unexpected(secrets.error());
  startup.resumption = std::make_unique<Resumption>(*secrets, limits, Timeouts{});
  for (WorkerConfig& worker : startup.workers) {
    worker.limits = limits;
    worker.secret = secrets->quic;
    worker.machine = name_of_machine();
    worker.congestion = options.congestion;
    worker.quic_upgrade = options.quic_upgrade;
    worker.index = static_cast<std::uint8_t>(&worker - startup.workers.data());
    worker.count = static_cast<std::uint8_t>(workers);
  }
  if (auto done = prepare_site(options, startup); !done) return std::unexpected(done.error());
  if (auto done = prepare_tls(options, startup); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = choose_port(options.listen); !done) return std::unexpected(done.error());
  if (auto done = check_overlap(options); !done) return std::unexpected(done.error());
  for (const Address& address : options.listen) {
    if (auto done = bind_secure(options, address, startup); !done) {
      return std::unexpected(done.error());
    }
  }
  for (const ServeOptions::PlainListener& plain : options.plain) {
    if (auto done = bind_plain(plain, startup); !done) return std::unexpected(done.error());
  }
  if (auto done = prepare_quic(options, startup); !done) return std::unexpected(done.error());
  for (WorkerConfig& worker : startup.workers) {
    worker.https_port = options.public_port.value_or(startup.listen.front().port());
  }
  return startup;
}

}  // namespace troika
