#pragma once
#include <string>
#include <vector>

namespace troika {

// What a person wants to know of a certificate file; empty when it cannot be read.
struct CertificateSummary {
  std::vector<std::string> names;  // host names and addresses
  std::string not_after;           // "2027-02-19"
};

CertificateSummary inspect_certificate(const std::string& file);

}  // namespace troika
