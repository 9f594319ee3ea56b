#include "sim_amplification.h"

#include <algorithm>

namespace troika::sim {
namespace {

constexpr std::uint64_t kFactor = 3;
constexpr std::uint64_t kVersion2 = 0x6b3343cf;

// Reads on through a datagram; what is not there reads as zero and ends it.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}
  bool empty() const noexcept { return rest_.empty(); }
  std::uint64_t number(std::size_t bytes) noexcept {
    std::uint64_t value = 0;
    if (bytes > rest_.size()) rest_ = {};
    for (; bytes > 0 && !rest_.empty(); --bytes, rest_ = rest_.subspan(1)) {
      value = value << 8U | std::to_integer<std::uint64_t>(rest_.front());
    }
    return value;
  }
  std::uint64_t varint() noexcept {  // RFC 9000 §16
    if (rest_.empty()) return 0;
    const auto log = std::to_integer<unsigned>(rest_.front() >> 6U);
    const std::size_t bytes = std::size_t{1} << log;
    return number(bytes) & ~(std::uint64_t{3} << (8 * bytes - 2));
  }
  void skip(std::uint64_t bytes) noexcept {
    rest_ = rest_.subspan(std::min<std::uint64_t>(bytes, rest_.size()));
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace

bool proves_address(std::span<const std::byte> datagram) noexcept {
  Reader reader(datagram);
  while (!reader.empty()) {
    const std::uint64_t first = reader.number(1);
    if ((first & 0x80U) == 0) return true;
    const unsigned shift = reader.number(4) == kVersion2 ? 1 : 0;
    // 0: Initial, 1: 0-RTT, 2: Handshake, 3: Retry; version 2 has each one further on.
    if (reader.empty()) return false;
    const std::uint64_t type = ((first >> 4U & 3U) + 4 - shift) % 4;
    if (type == 2) return true;
    if (type == 3) return false;
    reader.skip(reader.number(1));
    reader.skip(reader.number(1));
    if (type == 0) reader.skip(reader.varint());
    reader.skip(reader.varint());
  }
  return false;
}

void AmplificationWatch::arrived(const std::string& client, std::span<const std::byte> datagram,
                                 bool intact) {
  Balance& balance = clients_[client];
  balance.in += datagram.size();
  balance.validated |= intact && proves_address(datagram);
}

void AmplificationWatch::sent(const std::string& client, std::size_t bytes) {
  Balance& balance = clients_[client];
  if (balance.validated) return;
  balance.out += bytes;
  if (balance.out > kFactor * balance.in) ++exceeded_;
  if (balance.in > 0) most_percent_ = std::max(most_percent_, 100 * balance.out / balance.in);
}

}  // namespace troika::sim
