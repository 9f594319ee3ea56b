#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "proto/h3/control_scanner.h"

namespace troika::h3 {

// Follows the lines of a field section (RFC 9204 §4.5), without decoding them.
class LineCounter {
 public:
  // Follows them to the end of a line, if it is among them; how many that were, and whether it was.
  std::pair<std::size_t, bool> take(std::span<const std::byte> bytes) noexcept;

 private:
  // What a number is, or the text whose length it is.
  enum class Part : std::uint8_t { insert_count, base, index, name_index, name, value };
  enum class State : std::uint8_t { insert_count, base, line, value, number, text };

  bool take(std::byte byte) noexcept;
  bool begin(unsigned byte, unsigned bits, Part part) noexcept;
  bool end_number() noexcept;
  bool end_text() noexcept;

  State state_ = State::insert_count;
  Part part_ = Part::insert_count;
  std::uint64_t number_ = 0;  // or the bytes that are left of a text
  unsigned shift_ = 0;
};

// Follows the frames of a request stream, for what nghttp3 1.15 does not limit: empty DATA, and
// lines of fields that it drops without a word after it has looked at each of their bytes, of which
// QPACK gives 4 KiB for one. Also for where a stream may end (RFC 9114 §4.1, §7.1), which nghttp3
// reports with other codes.
class RequestScanner {
 public:
  // The bytes come in order. How many of them nghttp3 may see before lines() is asked again.
  std::size_t scan(std::span<const std::byte> bytes) noexcept;

  std::size_t lines() const noexcept { return lines_; }  // of fields so far
  // Where the bytes so far stop: a FIN there may be wrong.
  bool in_frame() const noexcept { return state_ != State::type || varint_.begun(); }
  bool has_headers() const noexcept { return has_headers_; }  // a HEADERS frame has begun
  // Frames that ask for nothing, empty DATA and unknown ones, since the last call.
  std::size_t take_glitches() noexcept { return std::exchange(glitches_, 0); }

 private:
  static constexpr std::size_t kLinesAtOnce = 64;
  enum class State : std::uint8_t { type, length, payload };

  void begin_frame(std::uint64_t length) noexcept;

  State state_ = State::type;
  Varint varint_;
  LineCounter section_;
  std::uint64_t type_ = 0;
  std::uint64_t left_ = 0;  // of the payload
  std::size_t lines_ = 0, glitches_ = 0;
  bool has_headers_ = false;
};

}  // namespace troika::h3
