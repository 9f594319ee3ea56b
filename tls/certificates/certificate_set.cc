#include "tls/certificates/certificate_set.h"

#include <openssl/err.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "tls/certificates/identity.h"
#include "tls/ossl.h"

namespace troika::tls {
namespace {

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

bool push(STACK_OF(X509) * chain, X509Ptr certificate) {
  if (!certificate || sk_X509_push(chain, certificate.get()) == 0) return false;
  std::ignore = certificate.release();
  return true;
}

Identity describe_leaf(X509Ptr leaf, KeyPtr key, ChainPtr chain, const CertificateFiles& files) {
  Identity identity;
  const char* const type = EVP_PKEY_get0_type_name(key.get());
  identity.key_type = type == nullptr ? "" : type;
  identity.names = names_of(leaf.get());
  identity.not_before = wall_time(X509_get0_notBefore(leaf.get()));
  identity.not_after = wall_time(X509_get0_notAfter(leaf.get()));
  identity.leaf = std::move(leaf);
  identity.key = std::move(key);
  identity.chain = std::move(chain);
  identity.files = files;
  return identity;
}

// `trial` finds keys that are too short, with which every handshake would fail.
Checked<Identity> load_identity(const CertificateFiles& files, SSL_CTX* trial) {
  auto certificates = read_certificates(files.cert_file);
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto key = read_private_key(files.key_file);
  if (!key) return std::unexpected(std::move(key.error()));
  X509Ptr leaf = std::move(certificates->front());
  if (X509_check_private_key(leaf.get(), key->get()) != 1) {
    ERR_clear_error();
    return std::unexpected("The key in " + files.key_file +
                           " does not belong to the first certificate in " + files.cert_file +
                           ": give the two files of one pair.");
  }
  ChainPtr chain(sk_X509_new_null());
  bool good = chain != nullptr;
  for (std::size_t i = 1; good && i < certificates->size(); ++i) {
    good = push(chain.get(), std::move((*certificates)[i]));
  }
  if (!good || SSL_CTX_use_cert_and_key(trial, leaf.get(), key->get(), chain.get(), 1) != 1) {
    return std::unexpected("The certificate in " + files.cert_file +
                           " cannot be used: " + ossl_error() + ".");
  }
  Identity identity = describe_leaf(std::move(leaf), std::move(*key), std::move(chain), files);
  if (auto usable = check_usable(identity); !usable) return std::unexpected(usable.error());
  return identity;
}

bool is_pipe(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

X509Ptr own(X509* certificate) {
  X509Ptr made(X509_dup(certificate));
  if (made == nullptr && X509_up_ref(certificate) == 1) made.reset(certificate);
  return made;
}

// A key that its provider does not export is shared: its reference count is atomic.
KeyPtr own(EVP_PKEY* key) {
  KeyPtr made(EVP_PKEY_dup(key));
  if (made == nullptr && EVP_PKEY_up_ref(key) == 1) made.reset(key);
  ERR_clear_error();
  return made;
}

Identity copy_of(const Identity& identity) {
  ChainPtr chain(sk_X509_new_null());
  for (int i = 0; i < sk_X509_num(identity.chain.get()); ++i) {
    push(chain.get(), own(sk_X509_value(identity.chain.get(), i)));
  }
  return {own(identity.leaf.get()), std::move(chain),    own(identity.key.get()), identity.key_type,
          identity.names,           identity.not_before, identity.not_after,      identity.files};
}

bool same(const Identity& a, const Identity& b) {
  const int size = sk_X509_num(a.chain.get());
  bool equal = X509_cmp(a.leaf.get(), b.leaf.get()) == 0 && size == sk_X509_num(b.chain.get());
  for (int i = 0; equal && i < size; ++i) {
    equal = X509_cmp(sk_X509_value(a.chain.get(), i), sk_X509_value(b.chain.get(), i)) == 0;
  }
  return equal;
}

}  // namespace

CertificateSet::CertificateSet(std::vector<Identity> identities)
    : identities_(std::move(identities)) {
  const auto add = [](Group& group, const Identity& identity) {
    const auto same_type = [&](const Identity* other) {
      return other->key_type == identity.key_type;
    };
    if (std::ranges::none_of(group, same_type)) group.push_back(&identity);
  };
  for (const Identity& identity : identities_) {
    for (const std::string& name : identity.names) add(by_name_[name], identity);
    if (std::ranges::is_permutation(identity.names, identities_.front().names)) {
      add(default_, identity);
    }
  }
}

Checked<CertificateSet::Ptr> CertificateSet::load(std::span<const CertificateFiles> pairs,
                                                  const CertificateSet* before) {
  const SslContextPtr trial(SSL_CTX_new(TLS_server_method()));
  if (!trial) return std::unexpected("OpenSSL cannot make a context: " + ossl_error() + ".");
  std::vector<Identity> identities;
  for (const CertificateFiles& files : pairs) {
    if (const Identity* piped = before == nullptr ? nullptr : before->piped(files)) {
      identities.push_back(copy_of(*piped));
      continue;
    }
    auto identity = load_identity(files, trial.get());
    if (!identity) return std::unexpected(std::move(identity.error()));
    identities.push_back(std::move(*identity));
  }
  return Ptr(new CertificateSet(std::move(identities)));
}

CertificateSet::Ptr CertificateSet::copy() const {
  std::vector<Identity> copies;
  copies.reserve(identities_.size());
  for (const Identity& identity : identities_) copies.push_back(copy_of(identity));
  return Ptr(new CertificateSet(std::move(copies)));
}

const Identity* CertificateSet::piped(const CertificateFiles& files) const {
  if (!is_pipe(files.cert_file) && !is_pipe(files.key_file)) return nullptr;
  const auto found = std::ranges::find_if(identities_, [&](const Identity& identity) {
    return identity.files.cert_file == files.cert_file && identity.files.key_file == files.key_file;
  });
  return found == identities_.end() ? nullptr : &*found;
}

const CertificateSet::Group* CertificateSet::find(std::string_view host) const {
  auto found = by_name_.find(host);
  if (found == by_name_.end()) found = by_name_.find(wildcard_for(host));
  return found == by_name_.end() ? nullptr : &found->second;
}

std::span<const Identity* const> CertificateSet::choose(std::string_view server_name) const {
  const Group* const group = find(comparable(server_name));
  return group == nullptr ? default_ : *group;
}

bool CertificateSet::covers(std::string_view server_name, std::string_view host) const {
  const std::string name = comparable(host), wildcard = wildcard_for(name);
  return std::ranges::any_of(choose(server_name), [&](const Identity* identity) {
    return std::ranges::contains(identity->names, name) ||
           (!wildcard.empty() && std::ranges::contains(identity->names, wildcard));
  });
}

bool CertificateSet::same_as(const CertificateSet& other) const {
  return std::ranges::equal(identities_, other.identities_, same);
}

bool CertificateSet::holds(const Identity& identity) const {
  return std::ranges::any_of(identities_, [&](const Identity& own) { return same(own, identity); });
}

}  // namespace troika::tls
