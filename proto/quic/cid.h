#pragma once
#include <ngtcp2/ngtcp2.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <unordered_map>

#include "base/random.h"
#include "proto/quic/config.h"

namespace troika::quic {

using SipKey = std::array<std::uint64_t, 2>;

// SipHash-2-4 (Aumasson and Bernstein, 2012): colliding inputs cannot be found without the key.
class SipHash {
 public:
  static std::uint64_t of(const SipKey& key, std::span<const std::uint8_t> bytes) noexcept {
    SipHash state(key);
    const std::size_t whole = bytes.size() & ~std::size_t{7};
    for (std::size_t i = 0; i < whole; i += 8) state.compress(word(bytes.subspan(i, 8)));
    const std::uint64_t length = static_cast<std::uint64_t>(bytes.size()) << 56U;
    state.compress(word(bytes.subspan(whole)) | length);
    return state.finish();
  }

 private:
  explicit SipHash(const SipKey& key) noexcept
      : v0_(key[0] ^ 0x736f6d6570736575U),
        v1_(key[1] ^ 0x646f72616e646f6dU),
        v2_(key[0] ^ 0x6c7967656e657261U),
        v3_(key[1] ^ 0x7465646279746573U) {}

  static std::uint64_t word(std::span<const std::uint8_t> bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return std::endian::native == std::endian::little ? value : std::byteswap(value);
  }

  void round() noexcept {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32) + v3_;
    v2_ += v1_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  void compress(std::uint64_t message) noexcept {
    v3_ ^= message;
    round();
    round();
    v0_ ^= message;
  }

  std::uint64_t finish() noexcept {
    v2_ ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

// Short headers do not carry the length of the connection id, so all of ours have this one.
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

// Makes the ids that a worker issues, and their reset tokens.
class IdFactory {
 public:
  IdFactory(const EndpointConfig& config, Random& random);

  // The first byte names the worker, for the filter that distributes datagrams to sockets.
  ngtcp2_cid make() noexcept;
  // The worker of a connection, whether we issued the id or a client made it up:
  // os/bind uses the same byte.
  unsigned worker_of(std::span<const std::uint8_t> id) const noexcept {
    return id.empty() ? unsigned{worker_} : unsigned{id[0]} % workers_;
  }
  // RFC 9000 §10.3.2: derived from the id and a secret of the machine, so it survives a restart.
  ngtcp2_stateless_reset_token token_of(const ngtcp2_cid& id) const noexcept;

 private:
  Random& random_;
  Secret reset_secret_{};
  std::uint8_t worker_, workers_;
};

// For the ids that a client chooses: they name no worker.
ngtcp2_cid random_id(Random& random, std::size_t bytes) noexcept;

// Finds the connection of an id. Clients choose some of the ids, hence the keyed hash.
template <class ServerConnection>
class CidTable {
 public:
  explicit CidTable(Random& random) : ids_(16, Hash{{random.u64(), random.u64()}}) {}

  ServerConnection* find(const ConnectionId& id) const noexcept {
    const auto found = ids_.find(id);
    return found == ids_.end() ? nullptr : found->second;
  }
  // False if the id is taken.
  bool insert(const ConnectionId& id, ServerConnection& connection) {
    return ids_.try_emplace(id, &connection).second;
  }
  void erase(const ConnectionId& id) noexcept { ids_.erase(id); }
  std::size_t size() const noexcept { return ids_.size(); }

 private:
  struct Hash {
    SipKey key;
    std::size_t operator()(const ConnectionId& id) const noexcept {
      return SipHash::of(key, id.view());
    }
  };
  std::unordered_map<ConnectionId, ServerConnection*, Hash> ids_;
};

}  // namespace troika::quic
