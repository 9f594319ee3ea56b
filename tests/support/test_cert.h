#pragma once
// A certificate for localhost, made once in each test process. RSA on purpose: ECDSA signatures
// differ in length from one handshake to the next, and with them packet sizes in simulations.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>

namespace troika::test {

class TestCert {
 public:
  static const TestCert& get() {
    static const TestCert cert;
    return cert;
  }
  TestCert(const TestCert&) = delete;
  TestCert& operator=(const TestCert&) = delete;

  const std::string& cert_file() const noexcept { return cert_file_; }
  const std::string& key_file() const noexcept { return key_file_; }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* cert) const noexcept { X509_free(cert); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
    void operator()(std::FILE* file) const noexcept { std::ignore = std::fclose(file); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Cert = std::unique_ptr<X509, Free>;

  TestCert() {
    std::string folder = (std::filesystem::temp_directory_path() / "troika-test-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    cert_file_ = folder + "/cert.pem";
    key_file_ = folder + "/key.pem";
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
    const Cert cert = sign(key.get());
    const std::unique_ptr<std::FILE, Free> certs(std::fopen(cert_file_.c_str(), "w"));
    const std::unique_ptr<std::FILE, Free> keys(std::fopen(key_file_.c_str(), "w"));
    if (!certs || !keys || PEM_write_X509(certs.get(), cert.get()) != 1 ||
        PEM_write_PrivateKey(keys.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
      std::abort();
    }
  }
  ~TestCert() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  static Cert sign(EVP_PKEY* key) {
    Cert cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 24L * 3600);
    X509_set_pubkey(cert.get(), key);
    X509_NAME* const name = X509_get_subject_name(cert.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(cert.get(), name);
    const std::unique_ptr<X509_EXTENSION, Free> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"));
    X509_add_ext(cert.get(), names.get(), -1);
    if (X509_sign(cert.get(), key, EVP_sha256()) == 0) std::abort();
    return cert;
  }

  std::filesystem::path folder_;
  std::string cert_file_, key_file_;
};

}  // namespace troika::test
