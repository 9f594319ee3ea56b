#pragma once
#include <set>
#include <span>
#include <string>

#include "base/result.h"
#include "certs/openssl_types.h"

namespace troika::certs {

// The names of a certificate as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1".
using SubjectNames = std::set<std::string>;

// localhost, 127.0.0.1, ::1 and the machine's own name, and those that were asked for.
Checked<SubjectNames> wanted_names(std::span<const std::string> more);
SubjectNames names_of(X509* certificate);
// "anna@laptop", as far as the system knows.
std::string user_at_host();

}  // namespace troika::certs
