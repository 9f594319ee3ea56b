#include "proto/h2/frame_scanner.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace troika::h2 {

std::optional<FrameScanner::Fault> FrameScanner::scan(std::span<const std::byte> bytes,
                                                      TimePoint now) {
  now_ = now;
  for (std::size_t at = 0; at < bytes.size();) {
    if (state_ == State::skip) {
      const auto skipped = std::min<std::size_t>(left_, bytes.size() - at);
      skip(left_ - static_cast<std::uint32_t>(skipped));
      at += skipped;
    } else if (const std::uint32_t wrong = take(bytes[at]); wrong != NGHTTP2_NO_ERROR) {
      return Fault{at, wrong};
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

Error FrameScanner::Fault::why() const noexcept {
  if (code == NGHTTP2_PROTOCOL_ERROR) return {ErrorCode::protocol, "a frame that RFC 9113 forbids"};
  return {ErrorCode::limit, "a field section that is far too large"};
}

// Skips `bytes` of the frame; then comes the next header.
void FrameScanner::skip(std::uint32_t bytes) noexcept {
  left_ = bytes;
  header_size_ = 0;
  state_ = bytes > 0 ? State::skip : State::header;
  if (bytes == 0 && section_ends_) section_since_.reset();
}

std::uint32_t FrameScanner::take(std::byte byte) {
  if (state_ == State::padding) {
    const auto padding = std::to_integer<std::uint32_t>(byte);
    skip(length_ - 1);
    if (padding + 1 == length_ && (header_[4] & NGHTTP2_FLAG_END_STREAM) == 0) ++counts_.glitches;
    return padding < length_ ? NGHTTP2_NO_ERROR : NGHTTP2_PROTOCOL_ERROR;
  }
  header_[header_size_++] = std::to_integer<std::uint8_t>(byte);
  return header_size_ < kHeader ? std::uint32_t{NGHTTP2_NO_ERROR} : begin_frame();
}

std::uint32_t FrameScanner::begin_frame() {
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
  const bool section = type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION;
  const std::uint32_t wrong = section ? begin_section(flags) : std::uint32_t{NGHTTP2_NO_ERROR};
  skip(length_);
  if (wrong != NGHTTP2_NO_ERROR) return wrong;
  count(type, flags);
  bool allowed = true;
  if (type == NGHTTP2_HEADERS) allowed = headers_allowed(stream);
  if (type == NGHTTP2_PRIORITY) allowed = stream != 0;
  if (type == NGHTTP2_DATA && (flags & NGHTTP2_FLAG_PADDED) != 0) {
    state_ = State::padding;
    allowed = length_ > 0;
  }
  return allowed ? NGHTTP2_NO_ERROR : NGHTTP2_PROTOCOL_ERROR;
}

// A section is not larger as it is coded than as it counts, unless a client uses Huffman's code for
// what it makes longer. So one of this size is above the limit at which decoding ends, and nghttp2
// would have to go on for the sake of its table.
std::uint32_t FrameScanner::begin_section(std::uint8_t flags) noexcept {
  if (!section_since_) {
    section_since_ = now_;
    section_bytes_ = 0;
  }
  section_bytes_ += length_;
  section_ends_ = (flags & NGHTTP2_FLAG_END_HEADERS) != 0;
  const std::size_t most = Limits::kOverrun * limits_.header_list_bytes;
  return section_bytes_ > most ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_NO_ERROR;
}

void FrameScanner::count(std::uint8_t type, std::uint8_t flags) noexcept {
  const bool ack = (flags & NGHTTP2_FLAG_ACK) != 0;  // the bit of END_STREAM
  const bool padded = (flags & NGHTTP2_FLAG_PADDED) != 0;
  switch (type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
    case NGHTTP2_GOAWAY: return;
    case NGHTTP2_DATA:
      if (length_ > 0 || padded || ack) return;
      break;
    case NGHTTP2_SETTINGS:
      if (ack) return;
      break;
    case NGHTTP2_PING:
      if (!ack) ++counts_.follow_ups;
      return;
    case NGHTTP2_WINDOW_UPDATE: ++counts_.follow_ups; return;
    default: break;  // PRIORITY, PRIORITY_UPDATE, RST_STREAM, unknown ones
  }
  ++counts_.glitches;
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
