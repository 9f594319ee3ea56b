#include "tls/certificates/certificate_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "base/text.h"
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

// OpenSSL's own callback would ask at the terminal and wait forever.
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

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kKeyEndings{".key", "-key.pem"};
constexpr std::array<std::string_view, 2> kCertEndings{".pem", ".crt"};

struct Listing {
  std::set<std::string> files, folders;  // names
};

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// The name without one of these endings, if it has one.
std::optional<std::string> stem(std::string_view name, std::span<const std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      return std::string(name.substr(0, name.size() - ending.size()));
    }
  }
  return std::nullopt;
}

std::optional<std::string> partner(const Listing& listing, const std::string& stem,
                                   std::span<const std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (std::string name = stem + std::string(ending); listing.files.contains(name)) return name;
  }
  return std::nullopt;
}

std::unexpected<std::string> too_many(const std::string& folder, std::size_t most) {
  return std::unexpected(
      formatted("The folder of certificates {} has too many entries: at most {} pairs, and "
                "twice as many files and folders.",
                folder, most));
}

Checked<Listing> list(const std::string& folder, std::size_t most) {
  std::error_code failed;
  Listing listing;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored)) listing.folders.insert(name);
    if (entry->is_regular_file(ignored)) listing.files.insert(name);
    if (listing.files.size() + listing.folders.size() > 2 * most) return too_many(folder, most);
  }
  if (!failed) return listing;
  return std::unexpected(
      formatted("The folder of certificates {} cannot be read: {}.", folder, failed.message()));
}

// A folder as certbot and others make it; nullopt: it is not one.
Checked<std::optional<CertificateFiles>> pair_of(const fs::path& folder) {
  const fs::path cert = folder / "fullchain.pem", key = folder / "privkey.pem";
  const bool has_cert = is_file(cert), has_key = is_file(key);
  if (has_cert && has_key) return CertificateFiles{cert.string(), key.string()};
  if (!has_cert && !has_key) return std::nullopt;
  return std::unexpected(formatted("The folder {} holds {} without {}: a pair needs both.",
                                   folder.string(), (has_cert ? cert : key).filename().string(),
                                   (has_cert ? key : cert).filename().string()));
}

Checked<std::optional<CertificateFiles>> pair_of(const fs::path& folder, const Listing& listing,
                                                 const std::string& name) {
  if (const auto of_key = stem(name, kKeyEndings)) {
    if (partner(listing, *of_key, kCertEndings)) return std::nullopt;
    return std::unexpected(formatted("The key {} has no certificate beside it: {}.pem or {}.crt.",
                                     (folder / name).string(), *of_key, *of_key));
  }
  const auto of_cert = stem(name, kCertEndings);
  if (!of_cert) return std::nullopt;
  if (const auto key = partner(listing, *of_cert, kKeyEndings)) {
    return CertificateFiles{(folder / name).string(), (folder / *key).string()};
  }
  return std::unexpected(formatted("The certificate {} has no key beside it: {}.key or {}-key.pem.",
                                   (folder / name).string(), *of_cert, *of_cert));
}

}  // namespace

Checked<std::vector<CertificateFiles>> find_certificates(const std::string& folder,
                                                         std::size_t most) {
  const auto listing = list(folder, most);
  if (!listing) return std::unexpected(listing.error());
  const auto whole = pair_of(folder);
  if (!whole) return std::unexpected(whole.error());
  if (*whole) return std::vector{**whole};

  std::vector<CertificateFiles> found;
  const auto add = [&found](Checked<std::optional<CertificateFiles>> pair) -> Checked<void> {
    if (!pair) return std::unexpected(std::move(pair.error()));
    if (*pair) found.push_back(std::move(**pair));
    return {};
  };
  for (const std::string& name : listing->files) {
    if (auto added = add(pair_of(folder, *listing, name)); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  for (const std::string& name : listing->folders) {
    if (auto added = add(pair_of(fs::path(folder) / name)); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  if (found.size() > most) return too_many(folder, most);
  if (!found.empty()) return found;
  return std::unexpected(formatted(
      "The folder of certificates {} contains no pair: give NAME.pem with NAME-key.pem, or "
      "folders with fullchain.pem and privkey.pem.",
      folder));
}

}  // namespace troika::tls
