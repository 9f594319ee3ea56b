#include "proto/h2/frame_scanner.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace troika::h2 {

std::optional<std::size_t> FrameScanner::scan(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    if (state_ == State::skip) {
      const auto skipped = std::min<std::size_t>(left_, bytes.size() - at);
      skip(left_ - static_cast<std::uint32_t>(skipped));
      at += skipped;
    } else if (take(bytes[at])) {
      ++at;
    } else {
      return at;
    }
  }
  return std::nullopt;
}

// Skips `bytes` of the frame; then comes the next header.
void FrameScanner::skip(std::uint32_t bytes) noexcept {
  left_ = bytes;
  header_size_ = 0;
  state_ = bytes > 0 ? State::skip : State::header;
}

bool FrameScanner::take(std::byte byte) {
  if (state_ == State::padding) {
    skip(length_ - 1);
    return std::to_integer<std::uint32_t>(byte) < length_;
  }
  header_[header_size_++] = std::to_integer<std::uint8_t>(byte);
  return header_size_ < kHeader || begin_frame();
}

bool FrameScanner::begin_frame() {
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (const std::uint8_t octet : std::span(header_).subspan(at, size)) {
      value = value << 8U | octet;
    }
    return value;
  };
  length_ = number(0, 3);
  const std::uint8_t type = header_[3], flags = header_[4];
  const std::uint32_t stream = number(5, 4) & 0x7fffffffU;
  skip(length_);
  switch (type) {
    case NGHTTP2_DATA:
      if ((flags & NGHTTP2_FLAG_PADDED) == 0) return true;
      state_ = State::padding;
      return length_ > 0;
    case NGHTTP2_HEADERS: return headers_allowed(stream);
    case NGHTTP2_PRIORITY: return stream != 0;
    default: return true;
  }
}

// HEADERS on an id that was used are allowed: the client may have sent them before it saw our
// RST_STREAM, or nghttp2 skips them with the field section.
bool FrameScanner::headers_allowed(std::uint32_t stream) {
  if (stream % 2 == 0) return true;  // nghttp2 ends the connection
  if (stream < next_) {
    return std::ranges::none_of(
        gaps_, [&](const Gap& gap) { return gap.first <= stream && stream <= gap.last; });
  }
  if (stream > next_) {
    if (gaps_.size() >= limits_.h2_skipped_ids) gaps_.erase(gaps_.begin());
    gaps_.push_back({next_, stream - 2});
  }
  next_ = stream + 2;
  return true;
}

}  // namespace troika::h2
