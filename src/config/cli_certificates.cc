#include "config/cli_certificates.h"

#include <algorithm>
#include <format>

namespace troika {
namespace {

Checked<void> complete_pairs(const RawCertificates& raw, ServeOptions& options) {
  if (raw.certs.size() != raw.keys.size()) {
    return std::unexpected(std::format(
        "--cert and --key go together, and there are {} of the one and {} of the other: give both "
        "for each certificate, or none for a local one",
        raw.certs.size(), raw.keys.size()));
  }
  if (raw.certs.size() > tls::kMostCertificates) {
    return std::unexpected(std::format("--cert is given {} times: {} certificates are the most",
                                       raw.certs.size(), tls::kMostCertificates));
  }
  for (std::size_t i = 0; i < raw.certs.size(); ++i) {
    options.certificates.push_back({raw.certs[i], raw.keys[i]});
  }
  options.certs_folder = raw.folder;
  return {};
}

Checked<void> complete_client_auth(const RawCertificates& raw, ServeOptions& options) {
  const std::string auth = raw.client_auth.empty() ? "required" : raw.client_auth;
  if (auth != "required" && auth != "optional") {
    return std::unexpected("--client-auth takes \"required\" or \"optional\", not \"" + auth +
                           "\"");
  }
  if (!raw.client_ca.empty()) {
    options.client_ca = raw.client_ca;
    options.client_auth =
        auth == "optional" ? tls::ClientAuth::optional : tls::ClientAuth::required;
    const bool open = std::ranges::any_of(options.plain, [](const auto& p) { return !p.redirect; });
    if (open && options.client_auth == tls::ClientAuth::required) {
      return std::unexpected<std::string>(
          "--http serves everybody without a certificate, which --client-ca requires: leave --http "
          "out, write --http-redirect instead, or add --client-auth optional");
    }
  } else if (!raw.client_auth.empty()) {
    return std::unexpected<std::string>(
        "--client-auth needs the CA of the clients' certificates: add --client-ca FILE");
  }
  return {};
}

}  // namespace

Checked<void> complete_certificates(const RawCertificates& raw, ServeOptions& options) {
  return complete_pairs(raw, options).and_then([&] { return complete_client_auth(raw, options); });
}

}  // namespace troika
