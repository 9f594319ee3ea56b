#include "proto/quic/tokens.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <string_view>

#include "proto/quic/convert.h"

namespace troika::quic {
namespace {

// The keys differ from each other and from that of stateless resets: all derive from one secret.
constexpr std::string_view kPurpose1 = "troika quic address validation";
constexpr std::string_view kPurpose2 = "troika quic v2 address validation";

std::array<std::uint8_t, 32> derive(const Secret& secret, std::string_view purpose) noexcept {
  std::array<std::uint8_t, 32> key{};
  unsigned size = 0;
  const auto* const made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                reinterpret_cast<const unsigned char*>(purpose.data()),
                                purpose.size(), key.data(), &size);
  if (made == nullptr || size != key.size()) std::abort();  // anyone could make our tokens
  return key;
}

std::size_t size_of(ngtcp2_ssize made) noexcept {
  return made > 0 ? static_cast<std::size_t>(made) : 0;
}

}  // namespace

Tokens::Tokens(const EndpointConfig& config, const Clock& clock)
    : clock_(clock),
      retry_lifetime_(config.retry_token_lifetime),
      new_token_lifetime_(config.new_token_lifetime),
      key_v1_(derive(config.secret, kPurpose1)),
      key_v2_(derive(config.secret, kPurpose2)) {}

ngtcp2_tstamp Tokens::wall() const noexcept {
  const auto since = std::chrono::duration_cast<Duration>(clock_.wall().time_since_epoch());
  return static_cast<ngtcp2_tstamp>(since.count());
}

Token Tokens::for_retry(const Address& client, const ngtcp2_pkt_hd& initial,
                        const ngtcp2_cid& retry_scid) const noexcept {
  Token token;
  const Key& key = key_of(initial.version);
  token.size = size_of(ngtcp2_crypto_generate_retry_token2(
      token.bytes.data(), key.data(), key.size(), initial.version, client.get(), client.size(),
      &retry_scid, &initial.dcid, wall()));
  return token;
}

Token Tokens::for_new_token(const Address& client, std::uint32_t version) const noexcept {
  static_assert(NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN <= NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2);
  Token token;
  const Key& key = key_of(version);
  token.size = size_of(ngtcp2_crypto_generate_regular_token(
      token.bytes.data(), key.data(), key.size(), client.get(), client.size(), wall()));
  return token;
}

// RFC 9000 §8.1.3: an unreadable token may be from another server, and is not an error.
TokenCheck Tokens::check(const Address& client, const ngtcp2_pkt_hd& initial) const noexcept {
  TokenCheck check;
  if (initial.tokenlen == 0) return check;
  const Key& key = key_of(initial.version);
  switch (initial.token[0]) {
    case NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2: {
      const int error = ngtcp2_crypto_verify_retry_token2(
          &check.original, initial.token, initial.tokenlen, key.data(), key.size(), initial.version,
          client.get(), client.size(), &initial.dcid, to_duration(retry_lifetime_), wall());
      if (error == 0) check.verdict = TokenCheck::Verdict::retry;
      if (error == NGTCP2_CRYPTO_ERR_VERIFY_TOKEN) check.verdict = TokenCheck::Verdict::refused;
      break;
    }
    case NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR:
      if (ngtcp2_crypto_verify_regular_token(initial.token, initial.tokenlen, key.data(),
                                             key.size(), client.get(), client.size(),
                                             to_duration(new_token_lifetime_), wall()) == 0) {
        check.verdict = TokenCheck::Verdict::new_token;
      }
      break;
    default: break;
  }
  return check;
}

}  // namespace troika::quic
