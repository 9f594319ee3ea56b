// Bytes of a client's control stream, in pieces that the input says: the scanner finds what a
// reader of the whole finds, at the same byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fuzz/cases.h"
#include "proto/h3/control_scanner.h"

namespace {

using troika::fuzz::require;

using troika::h3::ControlScanner;

constexpr troika::quic::AppError kFrameError = 0x106, kIdError = 0x108;

// Reads from the front of what is there as a whole.
class Whole {
 public:
  explicit Whole(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  void skip(std::uint64_t bytes) {
    at_ += static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left()));
  }
  std::size_t next_size() const {
    return std::size_t{1} << (std::to_integer<unsigned>(bytes_[at_]) >> 6U);
  }
  std::optional<std::uint64_t> varint() {
    if (left() == 0 || left() < next_size()) return std::nullopt;
    const std::size_t size = next_size();
    std::uint64_t value = std::to_integer<std::uint64_t>(bytes_[at_]) & 0x3fU;
    for (std::size_t i = 1; i < size; ++i) {
      value = value << 8U | std::to_integer<std::uint64_t>(bytes_[at_ + i]);
    }
    at_ += size;
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

ControlScanner::Outcome expected(std::span<const std::byte> bytes) {
  const ControlScanner::Outcome fine{bytes.size(), std::nullopt};
  Whole whole(bytes);
  std::optional<std::uint64_t> max_push;
  if (whole.varint() != 0U) return fine;
  while (whole.left() > 0) {
    const auto type = whole.varint();
    const auto length = whole.varint();
    if (!type || !length) return fine;
    if (type != 7U && type != 13U) {
      whole.skip(*length);
      continue;
    }
    if (length == 0U) return {whole.at() - 1, kFrameError};
    if (whole.left() == 0) return fine;
    if (whole.next_size() != length) return {whole.at(), kFrameError};
    const auto id = whole.varint();
    if (!id) return fine;
    if (type == 13U && max_push && *id < *max_push) return {whole.at() - 1, kIdError};
    if (type == 13U) max_push = id;
  }
  return fine;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{data[0]} % 16 + 1;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const auto [good, fault] = expected(bytes);
  ControlScanner scanner;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto part = bytes.subspan(at, std::min(piece, bytes.size() - at));
    const auto outcome = scanner.scan(2, part);
    at += outcome.good;
    if (outcome.fault) {
      require(fault == outcome.fault && good == at);
      return 0;
    }
    require(outcome.good == part.size());
  }
  require(!fault && good == at);
  return 0;
}
