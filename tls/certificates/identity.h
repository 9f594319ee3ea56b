#pragma once
#include <openssl/x509.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "tls/certificates/certificate_files.h"

namespace troika::tls {

// The form in which names are compared: lower case, without a trailing dot; addresses as from
// inet_ntop().
std::string comparable(std::string_view host);

// The names of a certificate, comparable: host names, "*.example.org", addresses. Only subject
// alternative names (RFC 9525 §2), and a wildcard only as the whole first label (§6.3).
std::vector<std::string> names_of(const X509* certificate);

// The wildcard that matches a comparable name: "*.example.org" for "www.example.org"; empty: none.
std::string wildcard_for(std::string_view host);

struct ChainFree {
  void operator()(STACK_OF(X509) * chain) const noexcept { OSSL_STACK_OF_X509_free(chain); }
};
using ChainPtr = std::unique_ptr<STACK_OF(X509), ChainFree>;

// A certificate that a server can show.
struct Identity {
  X509Ptr leaf;
  ChainPtr chain;  // sent after the leaf, in the order of the file; null: OpenSSL builds one
  KeyPtr key;
  std::string key_type;            // "EC", "RSA"
  std::vector<std::string> names;  // comparable
  WallTime not_before, not_after;
  CertificateFiles files;
};

// The size of a certificate and its chain as sent: over QUIC, peers buffer no more of a handshake.
inline constexpr std::size_t kMostChainBytes = 64U << 10U;

// The size of the certificate list in the handshake (RFC 8446 §4.4.2).
std::size_t chain_bytes(const Identity& identity);

// Refuses what every client refuses: a key that TLS cannot sign with, or a chain that is too long.
// The error is a sentence that names the file.
Checked<void> check_usable(const Identity& identity, std::size_t most_bytes = kMostChainBytes);

// What many clients refuse. Each entry is the end of a sentence about the certificate.
std::vector<std::string> doubts_about(const Identity& identity);

}  // namespace troika::tls
