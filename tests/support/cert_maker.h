#pragma once
// Certificates for tests, by a CA of their own.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/text.h"

namespace troika::test {

struct CertSpec {
  std::string names = "DNS:localhost";         // as openssl.cnf writes them; empty: none
  std::string common_name = "test";            // empty: no subject
  const char* key = "P-256";                   // a curve, or another type of key: "RSA", "ED25519"
  std::string usage = "serverAuth";            // extendedKeyUsage; empty: none
  long from = -3600, until = 90L * 24 * 3600;  // seconds from now
};

struct PemPair {
  std::string cert, key;
  std::string serial{};  // hex
};

class TestCa {
 public:
  explicit TestCa(const std::string& name = "Test CA") : TestCa(name, nullptr) {}
  // An intermediate one.
  TestCa(const std::string& name, const TestCa& issuer) : TestCa(name, &issuer) {}

  std::string pem() const {
    return text([&](BIO* out) { PEM_write_bio_X509(out, cert_.get()); });
  }

  PemPair make(const CertSpec& spec) const { return make(spec, ++serial_, this); }
  static PemPair self_signed(const CertSpec& spec) { return make(spec, 1, nullptr); }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* cert) const noexcept { X509_free(cert); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Cert = std::unique_ptr<X509, Free>;

  TestCa(const std::string& name, const TestCa* issuer) : key_(make_key("P-256")) {
    cert_ = blank({.names = "", .common_name = name}, ++serial_, key_.get());
    const TestCa& by = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(cert_.get(), X509_get_subject_name(by.cert_.get()));
    extend(cert_.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(cert_.get(), by.key_.get(), EVP_sha256());
  }

  static PemPair make(const CertSpec& spec, long serial, const TestCa* issuer) {
    const Key key = make_key(spec.key);
    const Cert cert = blank(spec, serial, key.get());
    const Cert& by = issuer == nullptr ? cert : issuer->cert_;
    X509_set_issuer_name(cert.get(), X509_get_subject_name(by.get()));
    if (!spec.names.empty()) extend(cert.get(), NID_subject_alt_name, spec.names);
    if (!spec.usage.empty()) extend(cert.get(), NID_ext_key_usage, spec.usage);
    EVP_PKEY* const signer = issuer == nullptr ? key.get() : issuer->key_.get();
    if (X509_sign(cert.get(), signer, EVP_sha256()) == 0) std::abort();
    return {text([&](BIO* out) { PEM_write_bio_X509(out, cert.get()); }), text([&](BIO* out) {
              PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            }),
            formatted("{:X}", serial)};
  }
  static Key make_key(const std::string& kind) {
    if (kind == "RSA") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
    if (kind.starts_with("ED")) return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str()));
    return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()));
  }
  static void extend(X509* cert, int nid, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, Free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    if (X509_add_ext(cert, extension.get(), -1) != 1) std::abort();
  }
  template <class Write>
  static std::string text(Write write) {
    const std::unique_ptr<BIO, Free> out(BIO_new(BIO_s_mem()));
    write(out.get());
    const char* data = nullptr;
    const long size = BIO_ctrl(out.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&data));
    return {data, static_cast<std::size_t>(size)};
  }
  static Cert blank(const CertSpec& spec, long serial, EVP_PKEY* key) {
    Cert cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), spec.from);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), spec.until);
    X509_set_pubkey(cert.get(), key);
    if (spec.common_name.empty()) return cert;
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(spec.common_name.c_str()), -1,
                               -1, 0);
    return cert;
  }

  mutable long serial_ = 0x1000;  // of what was made last
  Key key_;
  Cert cert_;
};

inline void put_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace troika::test
