#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "proto/h3/varint.h"
#include "proto/quic/application.h"

namespace troika::h3 {

// Reads the client's control stream before nghttp3 does, for two frames whose rules nghttp3 1.15
// keeps in part only: GOAWAY and MAX_PUSH_ID are one number, and the latter does not fall (RFC 9114
// §7.1, §7.2.7). All other rules are nghttp3's.
class ControlScanner {
 public:
  struct Outcome {
    std::size_t good;  // bytes that nghttp3 may see: all, or those before the one that is wrong
    std::optional<quic::AppError> fault;  // of the connection; nothing is scanned after it
  };

  // Bytes of any unidirectional stream of the client, in order.
  Outcome scan(quic::StreamId stream, std::span<const std::byte> bytes);
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
  std::uint64_t left_ = 0;                 // of the payload
  std::optional<std::uint64_t> max_push_;  // the last MAX_PUSH_ID
};

}  // namespace troika::h3
