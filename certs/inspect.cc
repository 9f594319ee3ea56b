#include "certs/inspect.h"

#include <format>
#include <fstream>
#include <iterator>

#include "certs/certificate.h"

namespace troika {

CertificateSummary inspect_certificate(const std::string& file) {
  std::ifstream in(file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const certs::X509Ptr certificate = certs::certificate_from_pem(text);
  if (certificate == nullptr) return {};
  CertificateSummary summary;
  for (const std::string& name : certs::names_of(certificate.get())) {
    summary.names.push_back(name.substr(name.find(':') + 1));
  }
  summary.not_after = std::format(
      "{:%F}", std::chrono::floor<std::chrono::days>(certs::not_after(certificate.get())));
  return summary;
}

}  // namespace troika
