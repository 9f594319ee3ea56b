#pragma once
#include <string>
#include <vector>

#include "config/config.h"
#include "runtime/worker.h"

namespace troika {

// The addresses that a server listens on, with the ports that are really bound.
struct BoundAddresses {
  std::vector<Address> listen;
  std::vector<Config::PlainListener> plain;
  bool operator==(const BoundAddresses&) const = default;
};

// All sockets of a server that starts.
struct BoundListeners {
  std::vector<WorkerSockets> workers;  // in their order
  BoundAddresses addresses{};
  std::vector<Fd> metrics{};  // of TCP
  std::vector<std::string> warnings{};
};

// Binds every socket that the configuration asks for. The error is one sentence.
Checked<BoundListeners> bind_listeners(const Config& config, unsigned workers);

// What makes of a server that listens on `now` one of another configuration.
struct ListenerPlan {
  std::vector<ListenerChange> workers;  // in their order
  BoundAddresses addresses{};           // from then on
  std::vector<std::string> warnings{};
};

// Binds what is new. `leaving`: addresses that were removed, but still serve connections: they
// cannot be had yet. The error is one sentence; then nothing is bound.
Checked<ListenerPlan> plan_listeners(const Config& config, const BoundAddresses& now,
                                     std::span<const Address> leaving, unsigned workers);

}  // namespace troika
