#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "http/exchange/services.h"
#include "http/message/limits.h"

namespace troika {

// How the client of one connection of h2 or h3 behaves. Two buckets fill with what it does wrong,
// and empty with time:
//
//   faults    streams that we reset, and requests that we refuse, because they are not valid
//   glitches  frames that are allowed, and that no client sends often: PRIORITY, empty DATA,
//   unknown
//             ones, requests that are cancelled, WINDOW_UPDATE and PING without a cause
//
// At three quarters of either the connection takes no new requests; above it, it ends. So it does
// with a few requests whose fields are far too many: each may cost as much as all of the others.
class Conduct {
 public:
  enum class Verdict : std::uint8_t { fine, leave, end };

  // The arguments outlive it.
  Conduct(const Limits& limits, Misconduct& counts) noexcept
      : limits_(limits), counts_(counts), faults_(limits.faults), glitches_(limits.glitches) {}

  void fault(TimePoint now, std::uint32_t weight = 1) noexcept {
    counts_.faults += weight;
    judge(faults_.add(weight, now));
  }
  void glitches(std::size_t count, TimePoint now) noexcept {
    if (count == 0) return;
    counts_.glitches += count;
    judge(glitches_.add(count, now));
  }
  void too_large() noexcept {  // a section of fields
    if (++too_large_ > limits_.too_large) judge(Verdict::end);
  }
  void refused(std::uint16_t status, TimePoint now) noexcept {  // a head; 0: it was not
    if (status / 100 == 4) fault(now);
    if (status == 431) too_large();
  }

  // WINDOW_UPDATE and PING follow what we send: a client that reads in small pieces sends two
  // WINDOW_UPDATEs for each of 4 KiB, and some send a PING to measure the path. So each 512 bytes
  // of content, and each head or end, is a cause for one or two. Content that drips, because its
  // window opens by a few bytes at a time, is not.
  void sent(std::size_t content, bool head_or_end) noexcept {
    causes_ = std::min<std::size_t>(causes_ + content / 512 + (head_or_end ? 2 : 0),
                                    limits_.glitches.burst);
  }
  void follow_ups(std::size_t count, TimePoint now) noexcept {
    const std::size_t excused = std::min(count, causes_);
    causes_ -= excused;
    glitches(count - excused, now);
  }

  Verdict verdict() const noexcept { return verdict_; }

 private:
  class Bucket {
   public:
    explicit Bucket(const Rate& rate) noexcept
        : each_(Duration(std::chrono::seconds(1)) / rate.per_second), full_(each_ * rate.burst) {}
    Verdict add(std::size_t count, TimePoint now) noexcept {
      empty_at_ = std::max(empty_at_, now) + each_ * static_cast<Duration::rep>(count);
      const Duration level = empty_at_ - now;
      if (level > full_) return Verdict::end;
      return 4 * level >= 3 * full_ ? Verdict::leave : Verdict::fine;
    }

   private:
    Duration each_, full_;
    TimePoint empty_at_{};
  };

  void judge(Verdict verdict) noexcept {
    if (verdict <= verdict_) return;
    verdict_ = verdict;
    ++(verdict == Verdict::end ? counts_.ended : counts_.drained);
  }

  const Limits& limits_;
  Misconduct& counts_;
  Bucket faults_, glitches_;
  std::size_t causes_ = 0;
  std::uint32_t too_large_ = 0;
  Verdict verdict_ = Verdict::fine;
};

}  // namespace troika
