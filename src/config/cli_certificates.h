#pragma once
#include <string>
#include <vector>

#include "base/error.h"
#include "config/options.h"

namespace troika {

// What the options of the group "Certificate" said; empty: not given.
struct RawCertificates {
  std::vector<std::string> certs, keys;  // pairs, in their order
  std::string folder, client_ca, client_auth;
};

// The error is a sentence.
Checked<void> complete_certificates(const RawCertificates& raw, ServeOptions& options);

}  // namespace troika
