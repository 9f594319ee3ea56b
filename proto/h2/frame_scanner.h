#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/message/limits.h"

namespace troika::h2 {

// Reads what a client sends before nghttp2 does, for three connection errors of type PROTOCOL_ERROR
// that nghttp2 1.64 does not report, since it has forgotten the stream: PRIORITY on stream 0 (RFC
// 9113 §6.3), HEADERS on an id that was skipped when a higher one was opened (§5.1.1), and padding
// of DATA that is longer than its frame (§6.1). nghttp2 enforces all other rules.
//
// It also bounds and times field sections, and counts frames that nghttp2 1.64 does not limit.
class FrameScanner {
 public:
  explicit FrameScanner(const Limits& limits) noexcept : limits_(limits) {}

  struct Fault {
    std::size_t at;      // nghttp2 may read the bytes before this one
    std::uint32_t code;  // PROTOCOL_ERROR; ENHANCE_YOUR_CALM: a section is too large as it is coded
    Error why() const noexcept;
  };
  // Not called again after a fault.
  std::optional<Fault> scan(std::span<const std::byte> bytes, TimePoint now);

  // When the field section began whose end has not come. nghttp2 does not tell the end of sections
  // that it skips.
  std::optional<TimePoint> section_since() const noexcept { return section_since_; }

  struct Counts {
    std::size_t glitches = 0;    // frames that ask for nothing, and RST_STREAM
    std::size_t follow_ups = 0;  // WINDOW_UPDATE and PING
  };
  Counts take_counts() noexcept { return std::exchange(counts_, {}); }  // since the last call

 private:
  static constexpr std::size_t kHeader = 9;  // RFC 9113 §4.1
  enum class State : std::uint8_t { header, padding, skip };

  struct Gap {  // ids that the client never used
    std::uint32_t first, last;
  };

  // NO_ERROR, or the code of what is wrong.
  std::uint32_t take(std::byte byte);
  std::uint32_t begin_frame();
  std::uint32_t begin_section(std::uint8_t flags) noexcept;
  bool headers_allowed(std::uint32_t stream);
  void count(std::uint8_t type, std::uint8_t flags) noexcept;
  void skip(std::uint32_t bytes) noexcept;

  const Limits& limits_;
  State state_ = State::skip;
  std::uint32_t left_ = 24;  // bytes to skip: first the preface
  std::array<std::uint8_t, kHeader> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t length_ = 0;  // of the frame

  TimePoint now_{};
  std::optional<TimePoint> section_since_;
  std::size_t section_bytes_ = 0;  // of its frames so far
  bool section_ends_ = false;      // with the frame
  Counts counts_;

  std::uint32_t next_ = 1;  // the lowest id that no request has reached
  // Below that. A normal client leaves one or two at most, where it began to count.
  std::vector<Gap> gaps_;
};

}  // namespace troika::h2
