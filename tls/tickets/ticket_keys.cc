#include "tls/tickets/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace troika::tls {
namespace {

struct KdfFree {
  void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
};
struct KdfContextFree {
  void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
};

// OpenSSL only reads the bytes, but its parameter is not const.
OSSL_PARAM bytes_param(const char* name, const void* bytes, std::size_t size) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(bytes), size);
}

}  // namespace

void derive(std::span<const std::byte> key, std::string_view label, std::span<std::byte> into) {
  const std::unique_ptr<EVP_KDF, KdfFree> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, KdfContextFree> context(EVP_KDF_CTX_new(kdf.get()));
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 4> params{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      bytes_param(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      bytes_param(OSSL_KDF_PARAM_INFO, label.data(), label.size()), OSSL_PARAM_construct_end()};
  const bool done =
      context && EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(into.data()),
                                into.size(), params.data()) == 1;
  if (!done) std::abort();  // nothing would be secret
}

namespace {

Root next(const Root& root) {
  Root after{};
  derive(root, "next ticket root", after);
  return after;
}

int ring_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool set_up(EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, TicketKeys::Key& key, const unsigned char* iv,
            bool seal) {
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher.data(), iv, seal ? 1 : 0,
                            nullptr) == 1 &&
         EVP_MAC_CTX_set_params(mac, params.data()) == 1;
}

// RFC 5077 §4; OpenSSL does all but the keys. noexcept: nothing may be thrown through OpenSSL.
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
               EVP_MAC_CTX* mac, int seal) noexcept {
  auto* ring = static_cast<TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ring_index()));
  constexpr int kFailed = -1, kUnknown = 0, kDone = 1, kDoneRenew = 2;
  if (ring == nullptr) return kFailed;
  if (seal == 1) {
    TicketKeys::Key key = ring->current();
    std::ranges::copy(key.name, name);
    const bool done = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                      set_up(cipher, mac, key, iv, true);
    OPENSSL_cleanse(&key, sizeof key);
    return done ? kDone : kFailed;
  }
  auto found = ring->find(std::span<const unsigned char, 16>(name, 16));
  if (!found) return kUnknown;
  const bool done = set_up(cipher, mac, found->key, iv, false);
  OPENSSL_cleanse(&found->key, sizeof found->key);
  if (!done) return kFailed;
  // RFC 8446 §C.4: a ticket is for one use. OpenSSL sends another only when told to renew it (for
  // clients with certificates see resumption.cc).
  return found->renew || SSL_version(ssl) >= TLS1_3_VERSION ? kDoneRenew : kDone;
}

}  // namespace

TicketKeys::TicketKeys(const Clock& clock, const Root& root, Duration rotation, Duration lifetime)
    : clock_(clock), rotation_(rotation), lifetime_(lifetime), oldest_(root) {
  Root of = root;
  for (std::uint64_t i = 0; i < keys_.size(); ++i) {
    keys_[i] = make(of, i);
    of = next(of);
  }
  OPENSSL_cleanse(of.data(), of.size());
  const std::lock_guard lock(mutex_);
  move_on();
}

TicketKeys::~TicketKeys() {
  OPENSSL_cleanse(oldest_.data(), oldest_.size());
  OPENSSL_cleanse(keys_.data(), sizeof keys_);
}

TicketKeys::Key TicketKeys::make(const Root& root, std::uint64_t epoch) const {
  Key key{.epoch = epoch};
  derive(root, "ticket key name", std::as_writable_bytes(std::span(key.name)));
  derive(root, "ticket cipher", std::as_writable_bytes(std::span(key.cipher)));
  derive(root, "ticket mac", std::as_writable_bytes(std::span(key.mac)));
  return key;
}

// When the clock is set back, the epoch stays: the root of the older one is erased.
void TicketKeys::move_on() {
  const Duration since = clock_.wall() - kStart;
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(since / rotation_, 0));
  if (now <= epoch_) return;
  epoch_ = now;
  const std::uint64_t first = epoch_ < kOlder ? 0 : epoch_ - kOlder;
  for (std::uint64_t old = keys_.front().epoch; old < first; ++old) oldest_ = next(oldest_);
  Root of = oldest_;
  for (std::uint64_t i = 0; i < keys_.size(); ++i) {
    keys_[i] = make(of, first + i);
    of = next(of);
  }
  OPENSSL_cleanse(of.data(), of.size());
  current_ = static_cast<std::size_t>(epoch_ - first);
}

TicketKeys::Key TicketKeys::current() {
  const std::lock_guard lock(mutex_);
  move_on();
  return keys_[current_];
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const unsigned char, 16> name) {
  const std::lock_guard lock(mutex_);
  move_on();
  const auto key =
      std::ranges::find_if(keys_, [&](const Key& k) { return std::ranges::equal(k.name, name); });
  if (key == keys_.end() || key->epoch > epoch_ + 1) return std::nullopt;
  return Found{*key, key->epoch < epoch_};
}

bool TicketKeys::install(SSL_CTX* context) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime_).count();
  SSL_CTX_set_timeout(context, static_cast<long>(seconds));
  return SSL_CTX_set_ex_data(context, ring_index(), this) == 1 &&
         SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key) == 1;
}

}  // namespace troika::tls
