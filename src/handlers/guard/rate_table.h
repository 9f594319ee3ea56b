#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/time.h"
#include "handlers/guard/guard_spec.h"
#include "ports/address.h"

namespace troika {

// Who has asked how often, of one site, for all workers: a bucket for each client, which a request
// takes from and time fills.
class RateTable {
 public:
  // Clients that are remembered; beyond it, the one that asked the longest ago is forgotten.
  static constexpr std::size_t kMostClients = std::size_t{1} << 16U;

  explicit RateTable(RateSpec spec, std::size_t most = kMostClients);
  // Whether this request may be answered; if not, after which time one may. From any thread.
  std::optional<Duration> take(const Address& client, TimePoint now);

 private:
  using Client = std::array<std::uint8_t, 9>;  // family, and 4 or 8 bytes
  struct Hash {
    std::size_t operator()(const Client& client) const noexcept;
  };
  struct Bucket {
    Client client;
    double left;  // requests
    TimePoint asked;
  };
  using Buckets = std::list<Bucket>;

  static Client client_of(const Address& address) noexcept;
  Bucket& bucket_of(const Client& client, TimePoint now);
  const RateSpec spec_;
  const std::size_t most_;
  std::mutex mutex_;
  Buckets by_age_;  // who asked the longest ago is the first
  std::unordered_map<Client, Buckets::iterator, Hash> buckets_;
};

}  // namespace troika
