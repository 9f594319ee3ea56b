#pragma once
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"

namespace troika::tls {

using Root = std::array<std::byte, 32>;

// HKDF-SHA256 (RFC 5869) of `key`, which must be random, for the purpose that `label` names.
void derive(std::span<const std::byte> key, std::string_view label, std::span<std::byte> into);

// The keys of session tickets, for all contexts of a process: a client may return to any worker.
// Each epoch of time has a key. Each root is derived from the previous one, and roots that are no
// longer needed are erased: whoever reads this memory can open the tickets of three epochs, not
// those of last month. May be called from any thread.
class TicketKeys {
 public:
  // `root` is that of the first epoch, which began at `kStart`. Machines with the same root have
  // the same keys at the same time.
  TicketKeys(const Clock& clock, const Root& root, Duration rotation, Duration lifetime);
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;
  ~TicketKeys();

  static constexpr WallTime kStart{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
  static constexpr std::uint64_t kOlder = 2;  // earlier epochs whose tickets are accepted

  struct Key {
    std::uint64_t epoch = 0;
    std::array<unsigned char, 16> name{};  // public: the first bytes of a ticket
    std::array<unsigned char, 32> cipher{}, mac{};
  };
  struct Found {
    Key key;
    bool renew;  // of an older epoch: the client gets a new ticket
  };

  Key current();
  // Also finds the key of the next epoch: another machine's clock may be ahead.
  std::optional<Found> find(std::span<const unsigned char, 16> name);

  // The context seals and opens its tickets with these keys, which outlive it.
  bool install(SSL_CTX* context);

 private:
  void move_on();
  Key make(const Root& root, std::uint64_t epoch) const;

  const Clock& clock_;
  const Duration rotation_, lifetime_;
  std::mutex mutex_;
  std::uint64_t epoch_ = 0;             // the newest that was ever current
  Root oldest_;                         // of keys_.front().epoch
  std::array<Key, kOlder + 2> keys_{};  // ordered by epoch
  std::size_t current_ = 0;             // index in keys_
};

}  // namespace troika::tls
