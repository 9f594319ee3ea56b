#include "tls/certificates/certificate_check.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <format>
#include <string_view>

namespace troika::tls {
namespace {

// RFC 8446 §4.2.3: ECDSA signs with the keys of these alone. The names are OpenSSL's.
constexpr std::array<std::string_view, 3> kCurves{"prime256v1", "secp384r1", "secp521r1"};
// They sign by names of their own; browsers know none of them.
constexpr std::array<std::string_view, 6> kForFew{"ED25519",   "ED448",     "RSA-PSS",
                                                  "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};

std::size_t sent_bytes(const X509* certificate) {
  constexpr std::size_t kLengths = 3 + 2;  // of the certificate and of its extensions
  const int size = i2d_X509(certificate, nullptr);
  return kLengths + static_cast<std::size_t>(std::max(size, 0));
}

std::string curve_of(const EVP_PKEY* key) {
  std::array<char, 80> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return "explicit";
  return {name.data(), size};
}

// Of the key, why no client takes it; empty: some do.
std::string key_fault(const Identity& identity) {
  if (identity.key_type == "RSA" || std::ranges::contains(kForFew, identity.key_type)) return {};
  if (identity.key_type != "EC") {
    return std::format("a key of the type {}: make an ECDSA key on P-256, or an RSA key",
                       identity.key_type);
  }
  const std::string curve = curve_of(identity.key.get());
  if (std::ranges::contains(kCurves, curve)) return {};
  return std::format("a key on the curve {}: make one on P-256, P-384 or P-521", curve);
}

}  // namespace

std::size_t chain_bytes(const Identity& identity) {
  std::size_t bytes = sent_bytes(identity.leaf.get());
  for (int i = 0; i < sk_X509_num(identity.chain.get()); ++i) {
    bytes += sent_bytes(sk_X509_value(identity.chain.get(), i));
  }
  return bytes;
}

Checked<void> check_usable(const Identity& identity, std::size_t most_bytes) {
  if (const std::string fault = key_fault(identity); !fault.empty()) {
    return std::unexpected(
        std::format("The certificate in {} cannot be used by any client, since it has {}.",
                    identity.files.cert_file, fault));
  }
  if (const std::size_t bytes = chain_bytes(identity); bytes > most_bytes) {
    return std::unexpected(
        std::format("The certificate in {} and its chain take {} bytes, and clients take no more "
                    "than {}: leave "
                    "the certificate and those of its intermediate CAs in the file.",
                    identity.files.cert_file, bytes, most_bytes));
  }
  return {};
}

std::vector<std::string> doubts_about(const Identity& identity) {
  std::vector<std::string> doubts;
  if (identity.names.empty()) {
    doubts.emplace_back("has no host name or address as subjectAltName: clients refuse it");
  }
  // OpenSSL says "all" of a certificate without the extension, and clients do not take
  // anyExtendedKeyUsage for serverAuth.
  if ((X509_get_extended_key_usage(identity.leaf.get()) & XKU_SSL_SERVER) == 0) {
    doubts.emplace_back(
        "is not for servers (extendedKeyUsage without serverAuth): clients refuse it");
  }
  if (std::ranges::contains(kForFew, identity.key_type)) {
    doubts.push_back(
        std::format("has a key of the type {}: browsers refuse it", identity.key_type));
  }
  return doubts;
}

}  // namespace troika::tls
