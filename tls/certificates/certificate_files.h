#pragma once
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace troika::tls {

struct X509Free {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using X509Ptr = std::unique_ptr<X509, X509Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;

// The leaf first, then its chain; never empty.
Checked<std::vector<X509Ptr>> read_certificates(const std::string& file);
Checked<KeyPtr> read_private_key(const std::string& file);

struct CertificateFiles {
  std::string cert_file, key_file;  // PEM; the certificate file also contains the chain
};

inline constexpr std::size_t kMostCertificates = 1000;

// The pairs in a folder, by name: NAME.pem or NAME.crt with NAME.key or NAME-key.pem, and folders
// in it, or the folder itself, with fullchain.pem and privkey.pem. Names that begin with a dot are
// ignored. An incomplete pair or no pair is an error: a sentence that names the file.
Checked<std::vector<CertificateFiles>> find_certificates(const std::string& folder,
                                                         std::size_t most = kMostCertificates);

}  // namespace troika::tls
