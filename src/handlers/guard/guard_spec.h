#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ports/address_range.h"

namespace troika {

// Requests of one client (IPv4 /32, IPv6 /64): so many a second, and so many at once before that.
struct RateSpec {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 0;  // at least 1
};

struct LoginSpec {
  std::string name;
  std::string hash;  // as crypt(5): bcrypt, SHA-512, SHA-256, yescrypt
};

// What protects all routes of a site.
struct GuardSpec {
  std::vector<AddressRange> deny{};   // they get 403 ...
  std::vector<AddressRange> allow{};  // ... and so do all others, unless this is empty
  std::optional<RateSpec> rate{};     // beyond it 429
  std::vector<LoginSpec> logins{};    // who else comes gets 401; empty: all may come
  std::string realm = "restricted";

  bool empty() const noexcept { return deny.empty() && allow.empty() && !rate && logins.empty(); }
};

}  // namespace troika
