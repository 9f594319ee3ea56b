#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "http/message/limits.h"
#include "http/message/version.h"

namespace troika::h1 {

// RFC 9112 §3: method SP request-target SP HTTP-version CRLF, with no liberty taken. One empty line
// before it is skipped (§2.2).
class RequestLine {
 public:
  explicit RequestLine(const Limits& limits) : limits_(limits) {}

  // Returns how many bytes it took; less than given only when done() or at a fault.
  std::size_t feed(std::span<const std::byte> bytes);
  void reset() noexcept;

  bool begun() const noexcept { return state_ > State::start_lf; }
  bool done() const noexcept { return state_ == State::done; }
  std::uint16_t fault() const noexcept { return fault_; }  // 400, 414, 505; 0: none

  const std::string& method() const noexcept { return method_; }
  const std::string& target() const noexcept { return target_; }
  HttpVersion version() const noexcept { return version_; }

 private:
  enum class State : std::uint8_t { start, start_lf, method, target, version, lf, done };

  bool take(char c);
  bool take_first(char c);
  bool take_method(char c);
  bool take_target(char c);
  bool take_version(char c);
  bool check_version();
  bool go(State next) noexcept;
  bool fail(std::uint16_t status) noexcept;

  const Limits& limits_;
  std::string method_, target_, version_text_;
  HttpVersion version_ = HttpVersion::http11;
  std::uint16_t fault_ = 0;
  State state_ = State::start;
  bool skipped_line_ = false;
};

}  // namespace troika::h1
