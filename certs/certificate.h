#pragma once
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "base/error.h"

namespace troika::certs {

struct OpenSslFree {
  void operator()(X509* object) const noexcept { X509_free(object); }
  void operator()(EVP_PKEY* object) const noexcept { EVP_PKEY_free(object); }
  void operator()(BIO* object) const noexcept { BIO_free(object); }
  void operator()(BIGNUM* object) const noexcept { BN_free(object); }
  void operator()(X509_EXTENSION* object) const noexcept { X509_EXTENSION_free(object); }
  void operator()(GENERAL_NAMES* object) const noexcept { GENERAL_NAMES_free(object); }
};
using X509Ptr = std::unique_ptr<X509, OpenSslFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree>;
using BioPtr = std::unique_ptr<BIO, OpenSslFree>;
using BignumPtr = std::unique_ptr<BIGNUM, OpenSslFree>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpenSslFree>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslFree>;

// The names of a certificate as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1".
using SubjectNames = std::set<std::string>;

// localhost, 127.0.0.1, ::1, the machine's own name, and `more`.
Checked<SubjectNames> wanted_names(std::span<const std::string> more);
SubjectNames names_of(X509* certificate);
// "anna@laptop", as far as the system knows.
std::string user_at_host();

using WallTime = std::chrono::system_clock::time_point;

struct Pair {
  X509Ptr certificate;
  KeyPtr key;
};

// All of these return null only when OpenSSL itself fails.
KeyPtr make_key();  // ECDSA P-256
X509Ptr make_ca_certificate(EVP_PKEY* key, const std::string& owner, WallTime now);
X509Ptr make_leaf_certificate(EVP_PKEY* key, const SubjectNames& names, const Pair& ca,
                              WallTime now);

std::string to_pem(X509* certificate);
std::string to_pem(EVP_PKEY* key);
X509Ptr certificate_from_pem(const std::string& text);  // null: damaged
KeyPtr key_from_pem(const std::string& text);           // null: damaged

WallTime not_after(const X509* certificate);
// Whether it is valid from before `now` until after `until`.
bool covers(const X509* certificate, WallTime now, WallTime until);

}  // namespace troika::certs
