#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/options.h"

namespace troika {

// What the options of the group "Certificate" said. One that is given without a value (an empty
// variable of a shell) is not one that is not given.
struct RawCertificates {
  std::vector<std::string> certs, keys;  // pairs, in their order
  std::optional<std::string> folder, client_ca, client_auth;
};

// The error is a sentence.
Checked<void> complete_certificates(const RawCertificates& raw, ServeOptions& options);

}  // namespace troika
