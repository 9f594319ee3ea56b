#pragma once
#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/account.h"

namespace troika::h2 {

// Gives the engine of a server what came from the client. HPACK makes 4 KiB of one byte, so a
// single read may hold a hundred requests of 32 KiB each: the engine pauses when it has decoded so
// many fields that their requests had better start first, and drop what they need no more. The
// bytes behind wait here until then, which is the flush of the same turn.
class Inbound {
 public:
  static constexpr std::size_t kFieldsAtOnce = 64U << 10U;  // bytes, as Limits counts them

  // `account`: of the connection; outlives it.
  explicit Inbound(Account& account) noexcept : charge_(account) {}

  // The engine has decoded a field of so many bytes. True: it is to pause (NGHTTP2_ERR_PAUSE).
  bool decoded(std::size_t bytes) noexcept {
    fields_ += bytes;
    paused_ = fields_ > kFieldsAtOnce;
    return paused_;
  }
  void on_started() noexcept { fields_ = 0; }  // the requests that have come so far

  // Both return 0 or the engine's error. feed() only keeps the bytes while the engine is paused.
  int feed(nghttp2_session* engine, std::span<const std::byte> bytes);
  int go_on(nghttp2_session* engine);
  bool paused() const noexcept { return paused_; }

 private:
  int give(nghttp2_session* engine, std::span<const std::byte> bytes, std::size_t& taken);

  std::vector<std::byte> rest_;  // while the engine is paused
  std::size_t at_ = 0;           // of rest_: what the engine has not taken
  Charge charge_;                // of rest_
  std::size_t fields_ = 0;       // since on_started()
  bool paused_ = false;
};

}  // namespace troika::h2
