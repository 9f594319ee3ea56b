#pragma once
#include <string>

#include "base/error.h"
#include "os/fd.h"

namespace troika::link {

inline constexpr const char *kServerAddress = "10.77.0.1", *kClientAddress = "10.77.0.2";

// One end of the link: a network namespace without a name, which goes with its last user, and the
// TUN device in it. What is read from `device` is a packet that the namespace sends.
struct End {
  Fd space, device;
};

// Leaves the calling thread in the new namespace. `tcp` is the congestion control of connections to
// `peer`; empty: the system's. The error is one sentence.
Checked<End> make_end(const std::string& own, const std::string& peer, const std::string& tcp);

}  // namespace troika::link
