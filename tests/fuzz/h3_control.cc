// Bytes of a client's control stream, in pieces that the input says: the scanner finds what a
// reader of the whole finds, at the same byte. As a request stream, they have as many frames that
// ask for nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fuzz/cases.h"
#include "proto/h3/control_scanner.h"
#include "proto/h3/request_scanner.h"

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

// RFC 7541 §5.1, after the first byte; none: it goes on behind the end.
bool number(std::span<const std::byte>& rest, std::uint64_t& value, unsigned bits) {
  const std::uint64_t most = (1U << bits) - 1;
  value = std::to_integer<std::uint64_t>(rest[0]) & most;
  rest = rest.subspan(1);
  if (value < most) return true;
  for (unsigned shift = 0; !rest.empty(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(rest[0]);
    rest = rest.subspan(1);
    if (shift < 56) value += (byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}
bool text(std::span<const std::byte>& rest, unsigned bits) {
  std::uint64_t size = 0;
  if (rest.empty() || !number(rest, size, bits) || size > rest.size()) return false;
  rest = rest.subspan(static_cast<std::size_t>(size));
  return true;
}
std::size_t lines_of(std::span<const std::byte> section) {
  std::uint64_t value = 0;
  if (section.empty() || !number(section, value, 8)) return 0;
  if (section.empty() || !number(section, value, 7)) return 0;
  for (std::size_t found = 0;; ++found) {
    if (section.empty()) return found;
    const auto first = std::to_integer<unsigned>(section[0]);
    bool whole = false;
    if ((first & 0x80U) != 0) {
      whole = number(section, value, 6);
    } else if ((first & 0x40U) != 0) {
      whole = number(section, value, 4) && text(section, 7);
    } else if ((first & 0x20U) != 0) {
      whole = text(section, 3) && text(section, 7);
    } else if ((first & 0x10U) != 0) {
      whole = number(section, value, 4);
    } else {
      whole = number(section, value, 3) && text(section, 7);
    }
    if (!whole) return found;
  }
}

struct Request {
  std::size_t lines = 0, glitches = 0;
};
Request request(std::span<const std::byte> bytes) {
  Request found;
  for (Whole whole(bytes); whole.left() > 0;) {
    const auto type = whole.varint();
    const auto length = type ? whole.varint() : std::nullopt;
    if (!length) break;
    if (*type > 1U || (*type == 0U && *length == 0U)) ++found.glitches;
    const std::size_t begin = whole.at();
    whole.skip(*length);
    if (*type == 1U) found.lines += lines_of(bytes.subspan(begin, whole.at() - begin));
  }
  return found;
}

void check_request(std::span<const std::byte> bytes, std::size_t piece) {
  troika::h3::RequestScanner scanner;
  std::size_t glitches = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t before = scanner.lines();
    at += scanner.scan(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    glitches += scanner.take_glitches();
    require(scanner.lines() - before <= 64);
  }
  const Request whole = request(bytes);
  require(scanner.lines() == whole.lines && glitches == whole.glitches);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{data[0]} % 16 + 1;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  check_request(bytes, piece * piece * piece);
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
