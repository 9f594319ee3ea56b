#pragma once
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <string>

#include "certs/names.h"

namespace troika::certs {

using WallTime = std::chrono::system_clock::time_point;

struct Pair {
  X509Ptr certificate;
  KeyPtr key;
};

// All of these give null only when OpenSSL itself fails.
KeyPtr make_key();  // ECDSA P-256
X509Ptr make_ca_certificate(EVP_PKEY* key, const std::string& owner, WallTime now);
X509Ptr make_leaf_certificate(EVP_PKEY* key, const SubjectNames& names, const Pair& ca,
                              WallTime now);

std::string to_pem(X509* certificate);
std::string to_pem(EVP_PKEY* key);
X509Ptr certificate_from_pem(const std::string& text);  // null: damaged
KeyPtr key_from_pem(const std::string& text);           // null: damaged

WallTime not_after(const X509* certificate);
// Valid from before `now` until after `until`.
bool covers(const X509* certificate, WallTime now, WallTime until);

}  // namespace troika::certs
