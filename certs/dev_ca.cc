#include "certs/dev_ca.h"

#include <openssl/crypto.h>

#include <cstdlib>

#include "base/text.h"
#include "certs/certificate.h"
#include "certs/private_files.h"

namespace troika {
namespace {

using namespace certs;

constexpr std::chrono::days kLeafRenewal{30};
constexpr std::chrono::years kCaRenewal{1};

struct Files {
  explicit Files(const std::filesystem::path& folder)
      : ca(folder / "ca.pem"),
        ca_key(folder / "ca-key.pem"),
        leaf(folder / "localhost.pem"),
        leaf_key(folder / "localhost-key.pem") {}
  std::filesystem::path ca, ca_key, leaf, leaf_key;
};

std::unexpected<std::string> no_certificate() {
  return std::unexpected<std::string>(
      "OpenSSL could not make the local certificate: is it a build without elliptic curves? Give a "
      "certificate and a key of your own.");
}

Checked<void> save_key(const std::filesystem::path& file, EVP_PKEY* key) {
  std::string text = to_pem(key);
  if (text.empty()) return no_certificate();
  auto written = write_private(file, text);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

Pair load(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  std::string secret = read_private(key);
  Pair pair{certificate_from_pem(read_private(certificate)), key_from_pem(secret)};
  OPENSSL_cleanse(secret.data(), secret.size());
  return pair;
}

bool belong_together(const Pair& pair) {
  return pair.certificate && pair.key &&
         EVP_PKEY_eq(X509_get0_pubkey(pair.certificate.get()), pair.key.get()) == 1;
}

bool good_ca(const Pair& ca, WallTime now) {
  return belong_together(ca) && X509_check_ca(ca.certificate.get()) == 1 &&
         covers(ca.certificate.get(), now, now + kCaRenewal);
}

bool good_leaf(const Pair& leaf, const Pair& ca, const SubjectNames& names, WallTime now) {
  return belong_together(leaf) && covers(leaf.certificate.get(), now, now + kLeafRenewal) &&
         names_of(leaf.certificate.get()) == names &&
         X509_verify(leaf.certificate.get(), ca.key.get()) == 1;
}

// Changes nothing when the pair on disk is good.
Checked<bool> ensure_ca(Pair& ca, const Files& files, WallTime now) {
  ca = load(files.ca, files.ca_key);
  if (good_ca(ca, now)) return false;
  // Also a new key: some clients' caches confuse two CAs that share name and key.
  ca.key = make_key();
  if (ca.key) ca.certificate = make_ca_certificate(ca.key.get(), user_at_host(), now);
  if (!ca.key || !ca.certificate) return no_certificate();
  auto saved = save_key(files.ca_key, ca.key.get());
  if (saved) saved = write_private(files.ca, to_pem(ca.certificate.get()));
  if (!saved) return std::unexpected(std::move(saved.error()));
  return true;
}

Checked<bool> ensure_leaf(Pair& leaf, const Files& files, const Pair& ca, const SubjectNames& names,
                          WallTime now) {
  leaf = load(files.leaf, files.leaf_key);
  if (good_leaf(leaf, ca, names, now)) return false;
  // A renewal keeps a good key: a server that reads both files meanwhile still gets a pair.
  if (!leaf.key || EVP_PKEY_is_a(leaf.key.get(), "EC") != 1) {
    leaf.key = make_key();
    if (!leaf.key) return no_certificate();
    if (auto saved = save_key(files.leaf_key, leaf.key.get()); !saved) {
      return std::unexpected(std::move(saved.error()));
    }
  }
  leaf.certificate = make_leaf_certificate(leaf.key.get(), names, ca, now);
  if (!leaf.certificate) return no_certificate();
  if (auto saved = write_private(files.leaf, to_pem(leaf.certificate.get())); !saved) {
    return std::unexpected(std::move(saved.error()));
  }
  return true;
}

const char* non_empty(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at start-up
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

Checked<DevCertificate> ensure_dev_certificate(const std::filesystem::path& folder,
                                               std::span<const std::string> names, WallTime now,
                                               std::chrono::milliseconds wait) {
  const auto wanted = wanted_names(names);
  if (!wanted) return std::unexpected(wanted.error());
  const auto lock = FolderLock::take(folder, wait);
  if (!lock) return std::unexpected(lock.error());
  const Files files(folder);
  Pair ca, leaf;
  const auto new_ca = ensure_ca(ca, files, now);
  if (!new_ca) return std::unexpected(new_ca.error());
  const auto new_leaf = ensure_leaf(leaf, files, ca, *wanted, now);
  if (!new_leaf) return std::unexpected(new_leaf.error());
  return DevCertificate{
      files.ca.string(), files.leaf.string(), files.leaf_key.string(), *new_ca || *new_leaf,
      formatted("{:%F}", std::chrono::floor<std::chrono::days>(not_after(leaf.certificate.get())))};
}

Checked<std::filesystem::path> default_state_folder() {
  if (const char* own = non_empty("TROIKA_STATE_DIR")) return own;
  // The XDG base directory specification: a relative path must be ignored.
  const char* xdg = non_empty("XDG_STATE_HOME");
  if (xdg != nullptr && *xdg == '/') return std::filesystem::path(xdg) / "troika";
  const char* home = non_empty("HOME");
  if (home != nullptr && *home == '/') return std::filesystem::path(home) / ".local/state/troika";
  return std::unexpected<std::string>(
      "There is no folder for the local certificate: neither XDG_STATE_HOME nor HOME holds an "
      "absolute path. Set TROIKA_STATE_DIR, or give a certificate and a key of your own.");
}

}  // namespace troika
