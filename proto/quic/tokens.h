#pragma once
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/time.h"
#include "ports/address.h"
#include "proto/quic/config.h"

namespace troika::quic {

// What the token of a client's first packet proves (RFC 9000 §8.1).
struct TokenCheck {
  enum class Verdict : std::uint8_t {
    none,       // nothing: no token, or an unusable one that is ignored
    retry,      // the client has received our Retry
    new_token,  // the client was here before, from the same address
    refused,    // the token is of a Retry for another client, or too old
  };
  Verdict verdict = Verdict::none;
  ngtcp2_cid original{};  // of `retry`: the id that the client began with

  // The client's address is not forged.
  bool proves_address() const noexcept {
    return verdict == Verdict::retry || verdict == Verdict::new_token;
  }
};

// A token as it goes into a packet.
struct Token {
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> bytes{};
  std::size_t size = 0;  // 0: a library failed
  std::span<const std::uint8_t> view() const noexcept { return std::span(bytes).first(size); }
};

// Address validation by tokens (RFC 9000 §8.1). Issued tokens are not stored: all workers have the
// same keys, before and after a restart. Tokens carry wall-clock time, which goes on over restarts.
class Tokens {
 public:
  Tokens(const EndpointConfig& config, const Clock& clock);

  Token for_retry(const Address& client, const ngtcp2_pkt_hd& initial,
                  const ngtcp2_cid& retry_scid) const noexcept;
  Token for_new_token(const Address& client,
                      std::uint32_t version) const noexcept;  // a NEW_TOKEN frame
  TokenCheck check(const Address& client, const ngtcp2_pkt_hd& initial) const noexcept;

 private:
  using Key = std::array<std::uint8_t, 32>;
  ngtcp2_tstamp wall() const noexcept;
  // A token of one version is worth nothing in another (RFC 9369 §5).
  const Key& key_of(std::uint32_t version) const noexcept {
    return version == NGTCP2_PROTO_VER_V2 ? key_v2_ : key_v1_;
  }

  const Clock& clock_;
  const Duration retry_lifetime_, new_token_lifetime_;
  Key key_v1_, key_v2_;
};

}  // namespace troika::quic
