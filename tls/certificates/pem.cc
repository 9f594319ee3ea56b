#include "tls/certificates/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tls/ossl.h"

namespace troika::tls {
namespace {

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;

Checked<BioPtr> open_file(const std::string& file, std::string_view what) {
  std::string why;
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {  // fopen would succeed
    why = "it is a folder";
  } else {
    errno = 0;
    BioPtr bio(BIO_new_file(file.c_str(), "r"));
    if (bio) return bio;
    why = std::generic_category().message(errno);
    ERR_clear_error();
  }
  return std::unexpected("The " + std::string(what) + " file " + file + " cannot be read: " + why +
                         ".");
}

// OpenSSL's own callback would ask at the terminal and wait for ever.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

Checked<std::vector<X509Ptr>> read_certificates(const std::string& file) {
  auto bio = open_file(file, "certificate");
  if (!bio) return std::unexpected(std::move(bio.error()));
  std::vector<X509Ptr> chain;
  while (X509* certificate = PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(certificate);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = ossl_error();
  if (chain.empty() && at_end) {
    return std::unexpected("The certificate file " + file +
                           " holds no certificate: a PEM file with a line \"-----BEGIN "
                           "CERTIFICATE-----\" is needed.");
  }
  if (!at_end) {
    return std::unexpected("The certificate file " + file + " holds a damaged certificate (" + why +
                           ").");
  }
  return chain;
}

Checked<KeyPtr> read_private_key(const std::string& file) {
  auto bio = open_file(file, "key");
  if (!bio) return std::unexpected(std::move(bio.error()));
  bool encrypted = false;
  KeyPtr key(PEM_read_bio_PrivateKey(bio->get(), nullptr, no_passphrase, &encrypted));
  if (key) return key;
  const std::string why = ossl_error();
  if (encrypted) {
    return std::unexpected("The key file " + file +
                           " is protected by a passphrase: give a key without one, readable by "
                           "this user only.");
  }
  return std::unexpected("The key file " + file + " holds no private key that can be read (" + why +
                         "): a PEM file with a line \"-----BEGIN PRIVATE KEY-----\" is needed.");
}

}  // namespace troika::tls
