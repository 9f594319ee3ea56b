#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "proto/quic/convert.h"

namespace troika::quic {

// At most `limit` events in each second that begins with an event.
class PerSecond {
 public:
  explicit PerSecond(std::uint32_t limit) noexcept : limit_(limit) {}

  bool take(TimePoint now) noexcept {
    if (used_ == 0 || now - start_ >= std::chrono::seconds(1)) {
      start_ = now;
      used_ = 0;
    }
    if (used_ >= limit_) return false;
    ++used_;
    return true;
  }

 private:
  std::uint32_t limit_, used_ = 0;
  TimePoint start_{};
};

// How many events there were in the second that began with the first of them.
class CountOfSecond {
 public:
  void add(TimePoint now) noexcept {
    if (at(now) == 0) start_ = now;
    ++count_;
  }
  std::size_t at(TimePoint now) noexcept {
    if (now - start_ >= std::chrono::seconds(1)) count_ = 0;
    return count_;
  }

 private:
  std::size_t count_ = 0;
  TimePoint start_{};
};

// What a server may still send on a path that its client has moved to and that is not validated yet
// (RFC 9000 §9.3). ngtcp2 keeps to the limit by itself. But when it is asked for a packet and may
// send none, it stops its timer of lost packets for good: the next packets of the client would have
// to start it again (RFC 9002 §6.2.2.1), which those do not that acknowledge nothing new, and while
// the congestion window is full of what was lost, not even the challenge goes out that would
// validate the address. So it is asked only while it may send, and once the validation must have
// failed: only when it is asked does it see that, and go back to the path before.
class PathBudget {
 public:
  // The path of the handshake, and each that was validated since.
  void validated(const Path& path) noexcept {
    const auto known = std::ranges::find(validated_, path);
    const auto at = known == validated_.end() ? validated_.end() - 1 : known;
    std::rotate(validated_.begin(), at, at + 1);
    validated_.front() = path;
    if (path == path_) limited_ = false;
  }
  // `current` is where ngtcp2 sends to after it has read a packet that came on `from`; should that
  // be a new path, `patience` is how long its validation may take.
  void received(const Path& current, const Path& from, std::size_t bytes, TimePoint now,
                Duration patience) noexcept {
    go_on(current, now, patience);
    if (from == path_) left_ += 3 * bytes;
  }
  void sent(const Path& to, std::size_t bytes) noexcept {
    if (to == path_) left_ -= std::min<std::uint64_t>(left_, bytes);
  }
  // After ngtcp2 was asked for packets. If it still does not go back, the next try is after
  // `again`.
  void asked(const Path& current, TimePoint now, Duration again) noexcept {
    go_on(current, now, again);
    if (limited_ && now >= until_) until_ = now + again;
  }
  bool exhausted(TimePoint now) const noexcept { return limited_ && left_ == 0 && now < until_; }
  // When ngtcp2 has to be asked, whatever its own timers say.
  TimePoint deadline() const noexcept { return limited_ ? until_ : kNever; }

 private:
  void go_on(const Path& current, TimePoint now, Duration patience) noexcept {
    if (current == path_) return;
    path_ = current;
    left_ = 0;
    limited_ = std::ranges::find(validated_, current) == validated_.end();
    until_ = now + patience;
    if (!limited_) validated(current);
  }

  Path path_;
  std::uint64_t left_ = 0;
  bool limited_ = false;
  TimePoint until_ = kNever;
  // The latest first. ngtcp2 goes back to each of the last four without validating it again.
  std::array<Path, 8> validated_{};
};

}  // namespace troika::quic
