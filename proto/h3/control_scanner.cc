#include "proto/h3/control_scanner.h"

#include <nghttp3/nghttp3.h>

#include <algorithm>

namespace troika::h3 {
namespace {

// RFC 9114 §6.2.1, §7.2.6, §7.2.7.
constexpr std::uint64_t kControlStream = 0;
constexpr std::uint64_t kSettings = 4, kGoaway = 7, kMaxPushId = 13;

bool is_one_number(std::uint64_t frame) noexcept { return frame == kGoaway || frame == kMaxPushId; }

}  // namespace

ControlScanner::Outcome ControlScanner::scan(quic::StreamId stream,
                                             std::span<const std::byte> bytes) {
  std::size_t at = 0;
  Varint& type = types_[stream];
  while (at < bytes.size() && !type.complete()) {
    // A second control stream is left to nghttp3, which ends the connection.
    if (type.take(bytes[at++]) && type.value() == kControlStream && !control_) control_ = stream;
  }
  if (control_ != stream) return {bytes.size(), std::nullopt};
  while (at < bytes.size()) {
    if (state_ == State::skip) {
      const auto skipped = std::min<std::uint64_t>(left_, bytes.size() - at);
      left_ -= skipped;
      at += static_cast<std::size_t>(skipped);
      if (left_ == 0) next(State::type);
    } else if (const auto fault = take(bytes[at])) {
      return {at, fault};
    } else {
      ++at;
    }
  }
  return {bytes.size(), std::nullopt};
}

void ControlScanner::next(State state) noexcept {
  state_ = state;
  varint_ = {};
}

std::optional<quic::AppError> ControlScanner::take(std::byte byte) noexcept {
  if (state_ == State::number) return take_number(byte);
  if (!varint_.take(byte)) return std::nullopt;
  if (state_ == State::length) return begin_payload();
  type_ = varint_.value();
  if (type_ != kSettings) ++frames_;
  next(State::length);
  return std::nullopt;
}

std::optional<quic::AppError> ControlScanner::begin_payload() noexcept {
  left_ = varint_.value();
  if (!is_one_number(type_)) {
    next(left_ > 0 ? State::skip : State::type);
    return std::nullopt;
  }
  if (left_ == 0) return NGHTTP3_H3_FRAME_ERROR;
  next(State::number);
  return std::nullopt;
}

// RFC 9114 §7.1: the payload is the number, no byte more or less.
std::optional<quic::AppError> ControlScanner::take_number(std::byte byte) noexcept {
  const bool complete = varint_.take(byte);
  if (varint_.size() != left_) return NGHTTP3_H3_FRAME_ERROR;
  return complete ? check_number() : std::nullopt;
}

std::optional<quic::AppError> ControlScanner::check_number() noexcept {
  const std::uint64_t id = varint_.value();
  next(State::type);
  if (type_ != kMaxPushId) return std::nullopt;
  if (id < max_push_) return NGHTTP3_H3_ID_ERROR;
  max_push_ = id;
  return std::nullopt;
}

}  // namespace troika::h3
