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

// The form in which names are compared: lower case, without a trailing dot; addresses as
// inet_ntop writes them.
std::string comparable(std::string_view host);

// What a certificate is for, comparable: host names, "*.example.org", addresses. Of the subject
// alternative names only (RFC 9525 §2); a star counts as the whole first label alone (§6.3).
std::vector<std::string> names_of(const X509* certificate);

// The wildcard that would cover a comparable name: "*.example.org" for "www.example.org"; empty:
// none would.
std::string wildcard_for(std::string_view host);

struct ChainFree {
  void operator()(STACK_OF(X509) * chain) const noexcept { OSSL_STACK_OF_X509_free(chain); }
};
using ChainPtr = std::unique_ptr<STACK_OF(X509), ChainFree>;

// A certificate that a server can show.
struct Identity {
  X509Ptr leaf;
  ChainPtr chain;  // sent after the leaf, in the order of the file; null: OpenSSL makes up one
  KeyPtr key;
  std::string key_type;            // "EC", "RSA"
  std::vector<std::string> names;  // comparable: see certificate_names.h
  WallTime not_before, not_after;
  CertificateFiles files;
};

// Bytes of a certificate and its chain as they are sent: peers hold no more of a handshake over
// QUIC.
inline constexpr std::size_t kMostChainBytes = 64U << 10U;

// What the list of certificates takes in the handshake (RFC 8446 §4.4.2).
std::size_t chain_bytes(const Identity& identity);

// Refuses what every client would refuse: a key that TLS has no signature for, or a chain that is
// too long. The error is a sentence that names the file.
Checked<void> check_usable(const Identity& identity, std::size_t most_bytes = kMostChainBytes);

// What many clients will refuse: each the end of a sentence about the certificate.
std::vector<std::string> doubts_about(const Identity& identity);

}  // namespace troika::tls
