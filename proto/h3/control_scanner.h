#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "proto/quic/application.h"

namespace troika::h3 {

// A variable-length integer (RFC 9000 §16) that comes byte by byte.
class Varint {
 public:
  // True: it is complete. Not called again after that.
  bool take(std::byte byte) noexcept {
    const auto bits = std::to_integer<std::uint64_t>(byte);
    if (size_ == 0) {
      size_ = left_ = std::size_t{1} << (bits >> 6U);
      value_ = bits & 0x3fU;
    } else {
      value_ = value_ << 8U | bits;
    }
    return --left_ == 0;
  }
  bool begun() const noexcept { return size_ > 0; }
  bool complete() const noexcept { return size_ > 0 && left_ == 0; }
  std::size_t size() const noexcept { return size_; }  // in bytes, all of it; 0: none has come
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
  std::size_t size_ = 0, left_ = 0;
};

// Reads the client's control stream before nghttp3 does, for two rules that nghttp3 1.15 does not
// fully enforce: GOAWAY and MAX_PUSH_ID contain one number, and MAX_PUSH_ID does not decrease (RFC
// 9114 §7.1, §7.2.7). nghttp3 enforces all others.
class ControlScanner {
 public:
  struct Outcome {
    std::size_t good;  // bytes that nghttp3 may see: all, or those before the one that is wrong
    std::optional<quic::AppError> fault;  // of the connection; nothing is scanned after it
  };

  // Bytes of any unidirectional stream of the client, in order.
  Outcome scan(quic::StreamId stream, std::span<const std::byte> bytes);
  // Frames that began since the last call, without SETTINGS.
  std::size_t take_frames() noexcept { return std::exchange(frames_, 0); }
  void closed(quic::StreamId stream) noexcept { types_.erase(stream); }

 private:
  enum class State : std::uint8_t { type, length, number, skip };

  std::optional<quic::AppError> take(std::byte byte) noexcept;
  std::optional<quic::AppError> begin_payload() noexcept;
  std::optional<quic::AppError> take_number(std::byte byte) noexcept;
  std::optional<quic::AppError> check_number() noexcept;
  void next(State state) noexcept;

  // As many as QUIC's limit on streams lets the client have open.
  std::map<quic::StreamId, Varint> types_;
  std::optional<quic::StreamId> control_;

  // The frame that is read: all of the control stream.
  State state_ = State::type;
  Varint varint_;
  std::uint64_t type_ = 0;
  std::uint64_t left_ = 0;  // of the payload
  std::size_t frames_ = 0;
  std::optional<std::uint64_t> max_push_;  // the last MAX_PUSH_ID
};

}  // namespace troika::h3
