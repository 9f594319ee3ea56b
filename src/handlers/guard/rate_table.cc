#include "handlers/guard/rate_table.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace troika {

RateTable::RateTable(RateSpec spec, std::size_t most) : spec_(spec), most_(most) {}

std::size_t RateTable::Hash::operator()(const Client& client) const noexcept {
  return std::hash<std::string_view>()(
      {reinterpret_cast<const char*>(client.data()), client.size()});
}

// A person has a whole /64, so that counting by single addresses of IPv6 would count nothing.
RateTable::Client RateTable::client_of(const Address& address) noexcept {
  Client client{};
  client[0] = address.family() == AF_INET6 ? 6 : 4;
  if (address.family() == AF_INET6) {
    const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address.get());
    std::memcpy(client.data() + 1, &v6.sin6_addr, 8);
  } else if (address.family() == AF_INET) {
    const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address.get());
    std::memcpy(client.data() + 1, &v4.sin_addr, 4);
  }
  return client;
}

RateTable::Bucket& RateTable::bucket_of(const Client& client, TimePoint now) {
  if (const auto found = buckets_.find(client); found != buckets_.end()) {
    by_age_.splice(by_age_.end(), by_age_, found->second);
    return *found->second;
  }
  if (buckets_.size() >= most_) {
    buckets_.erase(by_age_.front().client);
    by_age_.pop_front();
  }
  by_age_.push_back({client, static_cast<double>(spec_.burst), now});
  return *buckets_.emplace(client, std::prev(by_age_.end())).first->second;
}

std::optional<Duration> RateTable::take(const Address& client, TimePoint now) {
  using Seconds = std::chrono::duration<double>;
  const std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(client_of(client), now);
  // The clocks of two workers' turns may differ by a little.
  const double passed = Seconds(std::max(now - bucket.asked, Duration::zero())).count();
  bucket.left = std::min<double>(bucket.left + passed * spec_.per_second, spec_.burst);
  bucket.asked = std::max(now, bucket.asked);
  if (bucket.left >= 1) {
    bucket.left -= 1;
    return std::nullopt;
  }
  return std::chrono::ceil<Duration>(Seconds((1 - bucket.left) / spec_.per_second));
}

}  // namespace troika
