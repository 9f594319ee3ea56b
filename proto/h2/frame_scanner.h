#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "http/message/limits.h"

namespace troika::h2 {

// Reads what a client sends before nghttp2 does, for three connection errors of type PROTOCOL_ERROR
// that nghttp2 1.64 does not report, since it has forgotten the stream: PRIORITY on stream 0 (RFC
// 9113 §6.3), HEADERS on an id that was skipped when a higher one was opened (§5.1.1), and padding
// of DATA that is longer than its frame (§6.1). nghttp2 enforces all other rules.
class FrameScanner {
 public:
  explicit FrameScanner(const Limits& limits) noexcept : limits_(limits) {}

  // The index of the byte that shows such an error; nghttp2 may read the bytes before it. Not
  // called again after that.
  std::optional<std::size_t> scan(std::span<const std::byte> bytes);

 private:
  static constexpr std::size_t kHeader = 9;  // RFC 9113 §4.1
  enum class State : std::uint8_t { header, padding, skip };

  struct Gap {  // ids that the client never used
    std::uint32_t first, last;
  };

  bool take(std::byte byte);  // false: it is wrong
  bool begin_frame();
  bool headers_allowed(std::uint32_t stream);
  void skip(std::uint32_t bytes) noexcept;

  const Limits& limits_;
  State state_ = State::skip;
  std::uint32_t left_ = 24;  // bytes to skip: first the preface
  std::array<std::uint8_t, kHeader> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t length_ = 0;  // of the frame

  std::uint32_t next_ = 1;  // the lowest id that no request has reached
  // Below that. A normal client leaves one or two at most, where it began to count.
  std::vector<Gap> gaps_;
};

}  // namespace troika::h2
