#include "proto/h3/request_scanner.h"

#include <algorithm>

namespace troika::h3 {
namespace {

constexpr std::uint64_t kData = 0, kHeaders = 1;  // RFC 9114 §7.2.1, §7.2.2

}  // namespace

std::pair<std::size_t, bool> LineCounter::take(std::span<const std::byte> bytes) noexcept {
  std::size_t at = 0;
  bool ended = false;
  while (at < bytes.size() && !ended) {
    if (state_ == State::text) {
      const auto passed = std::min<std::uint64_t>(number_, bytes.size() - at);
      number_ -= passed;
      at += static_cast<std::size_t>(passed);
      ended = number_ == 0 && end_text();
    } else {
      ended = take(bytes[at++]);
    }
  }
  return {at, ended};
}

bool LineCounter::take(std::byte byte) noexcept {
  const auto bits = std::to_integer<unsigned>(byte);
  switch (state_) {
    case State::insert_count: return begin(bits, 8, Part::insert_count);
    case State::base: return begin(bits, 7, Part::base);
    case State::line:
      if ((bits & 0x80U) != 0) return begin(bits, 6, Part::index);
      if ((bits & 0x40U) != 0) return begin(bits, 4, Part::name_index);
      if ((bits & 0x20U) != 0) return begin(bits, 3, Part::name);
      if ((bits & 0x10U) != 0) return begin(bits, 4, Part::index);
      return begin(bits, 3, Part::name_index);
    case State::value: return begin(bits, 7, Part::value);
    case State::number:
      // nghttp3 ends the connection where a number is too large.
      if (shift_ < 56) number_ += std::uint64_t{bits & 0x7fU} << shift_;
      shift_ += 7;
      return (bits & 0x80U) == 0 && end_number();
    case State::text: break;
  }
  return false;
}

// RFC 7541 §5.1.
bool LineCounter::begin(unsigned byte, unsigned bits, Part part) noexcept {
  const unsigned most = (1U << bits) - 1;
  part_ = part;
  number_ = byte & most;
  shift_ = 0;
  if (number_ < most) return end_number();
  state_ = State::number;
  return false;
}

bool LineCounter::end_number() noexcept {
  switch (part_) {
    case Part::insert_count: state_ = State::base; return false;
    case Part::base: state_ = State::line; return false;
    case Part::index: state_ = State::line; return true;
    case Part::name_index: state_ = State::value; return false;
    case Part::name:
    case Part::value: break;
  }
  state_ = State::text;
  return number_ == 0 && end_text();
}

bool LineCounter::end_text() noexcept {
  const bool ends = part_ == Part::value;
  state_ = ends ? State::line : State::value;
  return ends;
}

std::size_t RequestScanner::scan(std::span<const std::byte> bytes) noexcept {
  const std::size_t enough = lines_ + kLinesAtOnce;
  std::size_t at = 0;
  while (at < bytes.size() && lines_ < enough) {
    if (state_ != State::payload) {
      if (!varint_.take(bytes[at++])) continue;
      const std::uint64_t value = std::exchange(varint_, {}).value();
      if (state_ == State::length) {
        begin_frame(value);
      } else {
        type_ = value;
        state_ = State::length;
      }
    } else if (type_ == kHeaders) {
      const auto rest = std::min<std::uint64_t>(left_, bytes.size() - at);
      const auto [passed, line] = section_.take(bytes.subspan(at, static_cast<std::size_t>(rest)));
      at += passed;
      left_ -= passed;
      if (line) ++lines_;
      if (left_ == 0) state_ = State::type;
    } else {
      const auto skipped = std::min<std::uint64_t>(left_, bytes.size() - at);
      left_ -= skipped;
      at += static_cast<std::size_t>(skipped);
      if (left_ == 0) state_ = State::type;
    }
  }
  return at;
}

void RequestScanner::begin_frame(std::uint64_t length) noexcept {
  left_ = length;
  section_ = {};
  state_ = length > 0 ? State::payload : State::type;
  has_headers_ = has_headers_ || type_ == kHeaders;
  const bool idle = type_ == kData ? length == 0 : type_ != kHeaders;
  if (idle) ++glitches_;
}

}  // namespace troika::h3
