#include "proto/h1/request_line.h"

#include <string_view>
#include <utility>

#include "base/ascii.h"

namespace troika::h1 {
namespace {

constexpr std::string_view kVersionForm = "HTTP/d.d";  // d: one digit

}  // namespace

std::size_t RequestLine::feed(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !done() && fault_ == 0) {
    take(static_cast<char>(bytes[used++]));
  }
  return used;
}

void RequestLine::reset() noexcept {
  method_.clear();
  target_ = std::string();  // a connection that rests must not hold the longest one it ever saw
  version_text_.clear();
  version_ = HttpVersion::http11;
  fault_ = 0;
  state_ = State::start;
  skipped_line_ = false;
}

bool RequestLine::go(State next) noexcept {
  state_ = next;
  return true;
}

bool RequestLine::fail(std::uint16_t status) noexcept {
  fault_ = status;
  return false;
}

bool RequestLine::take(char c) {
  switch (state_) {
    case State::start: return take_first(c);
    case State::start_lf: return c == '\n' ? go(State::start) : fail(400);
    case State::method: return take_method(c);
    case State::target: return take_target(c);
    case State::version: return take_version(c);
    case State::lf: return c == '\n' ? check_version() : fail(400);
    case State::done: break;
  }
  return false;
}

bool RequestLine::take_first(char c) {
  if (c == '\r' && !std::exchange(skipped_line_, true)) return go(State::start_lf);
  state_ = State::method;
  return take_method(c);
}

bool RequestLine::take_method(char c) {
  if (c == ' ' && !method_.empty()) return go(State::target);
  if (!ascii::is_token_char(c) || method_.size() == limits_.method_bytes) return fail(400);
  method_ += c;
  return true;
}

bool RequestLine::take_target(char c) {
  if (c == ' ' && !target_.empty()) return go(State::version);
  const auto byte = static_cast<std::uint8_t>(c);
  if (byte <= ' ' || byte == 0x7f) return fail(400);  // what is above may be UTF-8
  if (target_.size() == limits_.target_bytes) return fail(414);
  target_ += c;
  return true;
}

bool RequestLine::take_version(char c) {
  const std::size_t at = version_text_.size();
  if (at == kVersionForm.size()) return c == '\r' ? go(State::lf) : fail(400);
  const bool fits = kVersionForm[at] == 'd' ? ascii::is_digit(c) : c == kVersionForm[at];
  if (!fits) return fail(400);
  version_text_ += c;
  return true;
}

// RFC 9110 §2.5: any 1.x is answered as the highest 1.x that we know.
bool RequestLine::check_version() {
  const char major = version_text_[5];
  if (major == '0' || method_ == "PRI") return fail(400);  // RFC 9113 §3.4: PRI is no request
  if (major != '1') return fail(505);
  version_ = version_text_[7] == '0' ? HttpVersion::http10 : HttpVersion::http11;
  return go(State::done);
}

}  // namespace troika::h1
