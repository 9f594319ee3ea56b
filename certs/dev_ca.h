#pragma once
#include <chrono>
#include <filesystem>
#include <span>
#include <string>

#include "base/error.h"

namespace troika {

// The certificate of a server that was given none: made on this machine, for this machine.
struct DevCertificate {
  std::string ca_file;    // what a browser or curl is told to trust
  std::string cert_file;  // the leaf
  std::string key_file;
  bool created = false;   // by this call, the first time or as a renewal
  std::string not_after;  // of the leaf: "2027-02-19"
};

// Makes a local CA and a leaf signed by it for localhost, 127.0.0.1, ::1, the machine's name and
// `names`, or finds those of an earlier call. A leaf is renewed when less than 30 days are left,
// when other names are wanted or when a file is damaged; the CA when less than a year is left.
// Any number of processes may call it at once: each waits for the one before it, but not longer
// than `wait`.
Checked<DevCertificate> ensure_dev_certificate(
    const std::filesystem::path& folder, std::span<const std::string> names,
    std::chrono::system_clock::time_point now,
    std::chrono::milliseconds wait = std::chrono::seconds(30));

// $TROIKA_STATE_DIR, else $XDG_STATE_HOME/troika, else $HOME/.local/state/troika.
Checked<std::filesystem::path> default_state_folder();

}  // namespace troika
