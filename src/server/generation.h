#pragma once
#include <string>
#include <vector>

#include "config/config.h"
#include "runtime/worker.h"
#include "server/certificate_store.h"
#include "server/listeners.h"
#include "server/notices.h"

namespace troika {

// Sites and certificates of a configuration, for a server that starts and for one that reloads.
// Errors are one sentence. `warnings` receive what the operator should know.

// Opens the folders of all sites and makes what workers make their handlers of. The operator
// outlives them.
Checked<SnapshotSource> snapshot_of(const Config& config, const BoundAddresses& addresses,
                                    unsigned workers, const Operator& to,
                                    std::vector<std::string>& warnings);

struct OwnCertificates {
  LoadedCertificates loaded;
  std::string ca_file{};  // of the local CA; empty with certificates of the user's own
};
// Reads them; makes the local CA's pair when there is no other.
Checked<OwnCertificates> certificates_of(const Config& config, std::vector<std::string>& warnings);

// Fails when one of the logs or secrets is inside a folder that is served.
Checked<void> keep_private(const Config& config);

// All that a new configuration brings to running workers, made and checked beforehand: to use it
// cannot fail.
struct NextGeneration {
  Config config;
  SnapshotSource snapshot{};
  LoadedCertificates certificates{};
  ListenerPlan listeners{};
  std::vector<std::string> warnings{};
};

// Makes of a server that runs with `running`, on `now`, one with `next`. What cannot change while
// it runs is an error that names it. `leaving`: see plan_listeners().
Checked<NextGeneration> next_generation(const Config& running, Config next,
                                        const BoundAddresses& now, std::span<const Address> leaving,
                                        unsigned workers, const Operator& to);

}  // namespace troika
