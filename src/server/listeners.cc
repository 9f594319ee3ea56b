#include "server/listeners.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "loop/udp_socket.h"
#include "os/bind.h"

namespace troika {
namespace {

// Where an address was given as "loopback" or "all", both families are meant: a machine without
// IPv6 is no reason not to start.
Config reachable(const Config& config, std::vector<std::string>& warnings) {
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
  std::erase_if(possible.metrics, has_twin);
  warnings.emplace_back("this machine has no IPv6: listening on IPv4 only");
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
  all.insert(all.end(), config.metrics.begin(), config.metrics.end());
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

// Binds a member of each address's groups for each worker, in the order of the workers, by which
// the kernel's filter counts.
class Binder {
 public:
  Binder(const Config& config, unsigned workers, std::vector<std::string>& warnings)
      : config_(config), warnings_(warnings), sockets_(workers) {}

  Checked<void> secure(const Address& address) {
    for (const SocketKind kind : {SocketKind::tcp, SocketKind::udp}) {
      if (auto free = probe_bind(kind, address); !free) return free;
    }
    for (WorkerSockets& worker : sockets_) {
      auto tcp = TcpListener::bind(address, {.reuse_port = true});
      if (!tcp) return std::unexpected(tcp.error());
      auto udp = UdpSocket::bind(address, {.reuse_port = true});
      if (!udp) return std::unexpected(udp.error());
      worker.secure.push_back({std::move(*tcp), std::move(*udp), alt_svc_value(config_, address)});
    }
    steer(address, sockets_.front().secure.back().udp.get());
    return {};
  }

  // Gives the address with its port.
  Checked<Config::PlainListener> plain(Config::PlainListener plain) {
    if (auto free = probe_bind(SocketKind::tcp, plain.address); !free) {
      return std::unexpected(free.error());
    }
    for (WorkerSockets& worker : sockets_) {
      auto tcp = TcpListener::bind(plain.address, {.reuse_port = true});
      if (!tcp) return std::unexpected(tcp.error());
      plain.address = bound_address(tcp->get());
      worker.plain.push_back({std::move(*tcp), plain.redirect});
    }
    return plain;
  }

  Checked<void> preferred(const Address& address) {
    if (auto free = probe_bind(SocketKind::udp, address); !free) return free;
    for (WorkerSockets& worker : sockets_) {
      auto udp = UdpSocket::bind(address, {.reuse_port = true});
      if (!udp) return std::unexpected(udp.error());
      worker.preferred_udp.push_back(std::move(*udp));
    }
    steer(address, sockets_.front().preferred_udp.back().get());
    return {};
  }

  // A system that refuses it serves all the same: over TCP with its own.
  void set_congestion() {
    if (config_.tcp_congestion.empty()) return;
    const auto set = [&](const Fd& listener) {
      const auto done = set_tcp_congestion(listener.get(), config_.tcp_congestion);
      if (!done) warnings_.push_back(done.error() + "; TCP connections use the system's");
      return done.has_value();
    };
    for (const WorkerSockets& worker : sockets_) {
      for (const auto& secure : worker.secure) {
        if (!set(secure.tcp)) return;
      }
      for (const auto& plain : worker.plain) {
        if (!set(plain.tcp)) return;
      }
    }
  }

  std::vector<WorkerSockets> take() { return std::move(sockets_); }

 private:
  // Makes the kernel deliver datagrams for `address` to their workers; `group` is one of its
  // sockets. If that fails, workers forward them, and a warning is added.
  void steer(const Address& address, int group) {
    const auto count = static_cast<unsigned>(sockets_.size());
    if (count == 1 || steer_by_connection_id(group, count)) return;
    warnings_.push_back(formatted(
        "the kernel cannot route QUIC packets to their workers on {}: workers forward them, "
        "which is slower",
        address.text()));
  }

  const Config& config_;
  std::vector<std::string>& warnings_;
  std::vector<WorkerSockets> sockets_;
};

}  // namespace

// A port below 1024 and a congestion control algorithm may need root.
Checked<BoundListeners> bind_listeners(const Config& asked, unsigned workers) {
  BoundListeners bound;
  Config config = reachable(asked, bound.warnings);
  if (auto done = choose_port(config.listen); !done) return std::unexpected(done.error());
  if (auto done = check_overlap(config); !done) return std::unexpected(done.error());
  Binder binder(config, workers, bound.warnings);
  for (const Address& address : config.listen) {
    if (auto done = binder.secure(address); !done) return std::unexpected(done.error());
    bound.addresses.listen.push_back(address);
  }
  for (const Config::PlainListener& plain : config.plain) {
    auto done = binder.plain(plain);
    if (!done) return std::unexpected(done.error());
    bound.addresses.plain.push_back(*done);
  }
  for (const Address& address : {config.quic.preferred_v4, config.quic.preferred_v6}) {
    // A listener on all addresses also covers this one.
    if (address.family() == AF_UNSPEC ||
        std::ranges::any_of(config.listen, [&](const Address& a) { return a.covers(address); })) {
      continue;
    }
    if (auto done = binder.preferred(address); !done) return std::unexpected(done.error());
  }
  for (const Address& address : config.metrics) {
    auto socket = TcpListener::bind(address, {});
    if (!socket) return std::unexpected(socket.error());
    bound.metrics.push_back(std::move(*socket));
  }
  binder.set_congestion();
  bound.workers = binder.take();
  return bound;
}

namespace {

// Whether a server that listens on `bound` does what was asked for: any port will do for port 0.
bool does(const Address& bound, Address asked) {
  if (asked.port() == 0) asked.set_port(bound.port());
  return bound == asked;
}

ListenerTerms terms_of(const Config& config, const Address& secure) {
  return {ListenerTerms::Kind::secure, alt_svc_value(config, secure)};
}

ListenerTerms terms_of(const Config::PlainListener& plain) {
  return {plain.redirect ? ListenerTerms::Kind::redirect : ListenerTerms::Kind::plain};
}

}  // namespace

Checked<ListenerPlan> plan_listeners(const Config& asked, const BoundAddresses& now,
                                     std::span<const Address> leaving, unsigned workers) {
  ListenerPlan plan;
  const Config config = reachable(asked, plan.warnings);
  if (auto done = check_overlap(config); !done) return std::unexpected(done.error());
  ListenerChange change;
  Binder binder(config, workers, plan.warnings);
  BoundAddresses left = now;
  const auto is_free = [&](const Address& address) -> Checked<void> {
    if (!std::ranges::contains(leaving, address)) return {};
    return std::unexpected(formatted(
        "{} was removed a moment ago and still serves its last clients: reload again in a while",
        address.text()));
  };
  for (const Address& address : config.listen) {
    const auto bound =
        std::ranges::find_if(left.listen, [&](const Address& b) { return does(b, address); });
    if (bound != left.listen.end()) {
      change.kept.emplace_back(*bound, terms_of(config, *bound));
      plan.addresses.listen.push_back(*bound);
      left.listen.erase(bound);
      continue;
    }
    std::vector<Address> chosen{address};
    if (auto done = choose_port(chosen); !done) return std::unexpected(done.error());
    if (auto free = is_free(chosen[0]); !free) return std::unexpected(free.error());
    if (auto done = binder.secure(chosen[0]); !done) return std::unexpected(done.error());
    plan.addresses.listen.push_back(chosen[0]);
  }
  for (const Config::PlainListener& plain : config.plain) {
    const auto bound = std::ranges::find_if(
        left.plain, [&](const auto& b) { return does(b.address, plain.address); });
    if (bound != left.plain.end()) {
      plan.addresses.plain.push_back({bound->address, plain.redirect});
      change.kept.emplace_back(bound->address, terms_of(plain));
      left.plain.erase(bound);
      continue;
    }
    if (auto free = is_free(plain.address); !free) return std::unexpected(free.error());
    auto done = binder.plain(plain);
    if (!done) return std::unexpected(done.error());
    plan.addresses.plain.push_back(*done);
  }
  change.removed = left.listen;
  for (const Config::PlainListener& plain : left.plain) change.removed.push_back(plain.address);
  binder.set_congestion();
  for (WorkerSockets& sockets : binder.take()) {
    plan.workers.push_back({std::move(sockets), change.removed, change.kept});
  }
  return plan;
}

}  // namespace troika
