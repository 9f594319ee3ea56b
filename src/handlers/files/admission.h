#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "base/ownership.h"
#include "handlers/site_options.h"

namespace troika {

class Permit;

// Limits how much of something that costs time or memory exists at a time, and what one connection
// has of it: work on the thread pool, encoders, texts. Of one worker, so not atomic.
class Admission final : public Counted {
 public:
  // The connection that asks. It is only compared: a permit may outlive it, and one that takes its
  // place in memory then inherits what is under way.
  using Asker = const void*;
  struct Counters {
    std::uint64_t permits = 0;  // that were given
    std::uint64_t full = 0;     // refusals: the quota is used up
    std::uint64_t unfair = 0;   // refusals: the connection has its share
    std::uint64_t late = 0;     // who waited for the work and went on without it
  };

  explicit Admission(const Quota& quota) noexcept : quota_(quota) {}

  // Whether there is room for one more, of so many bytes. Several callers may ask before one of
  // them takes its Permit, so a few may exceed the quota.
  bool admits(Asker asker, std::uint64_t bytes = 0) noexcept;
  // So many permits of it there are.
  std::size_t count_of(Asker asker) const noexcept {
    const auto found = shares_.find(asker);
    return found == shares_.end() ? 0 : found->second.count;
  }
  void note_late() noexcept { ++counters_.late; }
  const Counters& counters() const noexcept { return counters_; }

 private:
  friend class Permit;
  struct Share {
    std::size_t count = 0;
    std::uint64_t bytes = 0;
    bool fits(std::size_t most, std::uint64_t most_bytes, std::uint64_t more) const noexcept {
      return count < most && more <= most_bytes && bytes <= most_bytes - more;
    }
  };

  const Quota quota_;
  Share all_;
  std::unordered_map<Asker, Share> shares_;  // of those who have some
  Counters counters_;
};

// Counts against its quota until it is destroyed.
class Permit {
 public:
  Permit() noexcept = default;  // of no quota
  Permit(Ref<Admission> admission, Admission::Asker asker, std::uint64_t bytes = 0)
      : admission_(std::move(admission)), asker_(asker), bytes_(bytes) {
    ++admission_->counters_.permits;
    for (Admission::Share* share : {&admission_->all_, &admission_->shares_[asker]}) {
      ++share->count;
      share->bytes += bytes;
    }
  }
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) = delete;
  ~Permit() {
    if (!admission_) return;
    const auto own = admission_->shares_.find(asker_);
    for (Admission::Share* share : {&admission_->all_, &own->second}) {
      --share->count;
      share->bytes -= bytes_;
    }
    if (own->second.count == 0) admission_->shares_.erase(own);
  }

 private:
  Ref<Admission> admission_;
  Admission::Asker asker_ = nullptr;
  std::uint64_t bytes_ = 0;
};

inline bool Admission::admits(Asker asker, std::uint64_t bytes) noexcept {
  if (!all_.fits(quota_.count, quota_.bytes, bytes)) {
    ++counters_.full;
    return false;
  }
  const auto found = shares_.find(asker);
  if (found == shares_.end() || found->second.count < quota_.count_each) return true;
  if (quota_.bytes_each > 0 && found->second.bytes + bytes <= quota_.bytes_each) return true;
  ++counters_.unfair;
  return false;
}

}  // namespace troika
