#pragma once
#include <ngtcp2/ngtcp2.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/random.h"
#include "proto/quic/endpoint.h"

namespace troika::quic {

// Short headers do not carry the length of their connection id, so all of ours have this one.
inline constexpr std::size_t kOwnIdBytes = 12;

// A connection id as the key of a table.
struct ConnectionId {
  std::array<std::uint8_t, NGTCP2_MAX_CIDLEN> bytes{};
  std::uint8_t size = 0;

  ConnectionId() = default;
  explicit ConnectionId(std::span<const std::uint8_t> id) noexcept;  // at most 20 bytes
  explicit ConnectionId(const ngtcp2_cid& id) noexcept : ConnectionId({id.data, id.datalen}) {}
  std::span<const std::uint8_t> view() const noexcept { return {bytes.data(), size}; }
  friend bool operator==(const ConnectionId&, const ConnectionId&) = default;
};

// Makes the ids that one worker gives out, and the reset tokens that go with them.
class IdFactory {
 public:
  IdFactory(const EndpointConfig& config, Random& random);

  // Its first byte names the worker, for the filter that steers datagrams to sockets.
  ngtcp2_cid make() noexcept;
  // Whose connection it is, whether we gave the id out or a client made it up: uv/reuseport_filter
  // goes by the same byte.
  unsigned worker_of(std::span<const std::uint8_t> id) const noexcept {
    return id.empty() ? unsigned{worker_} : unsigned{id[0]} % workers_;
  }
  // RFC 9000 §10.3.2: from the id and a secret of the machine, so that it survives a restart.
  ngtcp2_stateless_reset_token token_of(const ngtcp2_cid& id) const noexcept;

 private:
  Random& random_;
  Secret reset_secret_{};
  std::uint8_t worker_, workers_;
};

// Random bytes that name nobody, for the ids that a client chooses.
ngtcp2_cid random_id(Random& random, std::size_t bytes) noexcept;

}  // namespace troika::quic
