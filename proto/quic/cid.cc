#include "proto/quic/cid.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>
#include <cstdlib>

#include "proto/quic/convert.h"
#include "tls/tickets/ticket_keys.h"

namespace troika::quic {

ConnectionId::ConnectionId(std::span<const std::uint8_t> id) noexcept
    : size(static_cast<std::uint8_t>(std::min(id.size(), bytes.size()))) {
  std::ranges::copy(id.first(size), bytes.begin());
}

ngtcp2_cid random_id(Random& random, std::size_t bytes) noexcept {
  ngtcp2_cid id{};
  id.datalen = bytes;
  random.fill(std::as_writable_bytes(std::span(id.data).first(bytes)));
  return id;
}

IdFactory::IdFactory(const EndpointConfig& config, Random& random)
    : random_(random), worker_(config.worker), workers_(config.workers) {
  tls::derive(config.secret, "troika quic resets of " + config.machine, reset_secret_);
}

ngtcp2_cid IdFactory::make() noexcept {
  ngtcp2_cid id = random_id(random_, kOwnIdBytes);
  const unsigned base = id.data[0] - id.data[0] % workers_;
  const unsigned steered = base + worker_;
  id.data[0] = static_cast<std::uint8_t>(steered > 0xff ? steered - workers_ : steered);
  return id;
}

ngtcp2_stateless_reset_token IdFactory::token_of(const ngtcp2_cid& id) const noexcept {
  ngtcp2_stateless_reset_token token{};
  const int failed = ngtcp2_crypto_generate_stateless_reset_token(
      token.data, as_u8(reset_secret_.data()), reset_secret_.size(), &id);
  if (failed != 0) std::abort();  // a guessable token would let anyone end the connection
  return token;
}

}  // namespace troika::quic
