#pragma once
#include <openssl/pem.h>
#include <openssl/x509.h>

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

}  // namespace troika::tls
