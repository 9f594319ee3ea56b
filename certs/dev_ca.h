#pragma once
#include <chrono>
#include <filesystem>
#include <span>
#include <string>

#include "base/error.h"

namespace troika {

// The certificate of a server that has no other: made on this machine, for this machine.
struct DevCertificate {
  std::string ca_file;    // for browsers and curl to trust
  std::string cert_file;  // the leaf
  std::string key_file;
  bool created = false;   // by this call: the first, or a renewal
  std::string not_after;  // of the leaf: "2027-02-19"
};

// Makes a local CA and a leaf signed by it for localhost, 127.0.0.1, ::1, the machine's name and
// `names`, or finds those of an earlier call. The leaf is renewed when it expires in less than 30
// days, when the names differ or when a file is damaged; the CA when it expires in less than a
// year. Processes may call it concurrently: each waits for the others, for at most `wait`.
Checked<DevCertificate> ensure_dev_certificate(
    const std::filesystem::path& folder, std::span<const std::string> names,
    std::chrono::system_clock::time_point now,
    std::chrono::milliseconds wait = std::chrono::seconds(30));

// $TROIKA_STATE_DIR, else $XDG_STATE_HOME/troika, else $HOME/.local/state/troika.
Checked<std::filesystem::path> default_state_folder();

}  // namespace troika
