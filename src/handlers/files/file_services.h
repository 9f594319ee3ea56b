#pragma once
#include <functional>
#include <list>
#include <string>
#include <utility>

#include "base/buffer.h"
#include "base/time.h"
#include "handlers/files/admission.h"
#include "handlers/files/file_cache.h"
#include "handlers/files/shared_result.h"
#include "handlers/site_options.h"
#include "ports/background.h"

namespace troika {

// Listings that are being made, or were a moment ago, in the order in which they were asked for.
// Who makes one may outlive this object.
class KeptListings {
 public:
  struct Listing final : Counted {
    SharedResult<Content> text{};
    TimePoint made = kNever;
  };

  KeptListings(TimerQueue& timers, const Clock& clock, const SiteLimits& limits)
      : clock_(clock), limits_(limits), sweep_(timers, [this] { sweep(); }) {}

  // `key` says all that the text depends on.
  Ref<Listing> find(std::string key) {
    std::erase_if(kept_, [this](const Kept& kept) { return is_old(*kept.listing); });
    for (const Kept& kept : kept_) {
      if (kept.key == key) return kept.listing;
    }
    if (kept_.size() >= limits_.listings_kept && !kept_.empty()) kept_.pop_front();
    sweep_.set(clock_.now() + limits_.listing_fresh);
    return kept_.emplace_back(std::move(key), make_ref<Listing>()).listing;
  }

 private:
  struct Kept {
    std::string key;
    Ref<Listing> listing;
  };

  bool is_old(const Listing& listing) const noexcept {
    if (listing.made == kNever) return !listing.text.is_claimed();
    return clock_.now() - listing.made >= limits_.listing_fresh;
  }
  void sweep() {
    std::erase_if(kept_, [this](const Kept& kept) { return is_old(*kept.listing); });
    if (!kept_.empty()) sweep_.set(clock_.now() + limits_.listing_fresh);
  }

  const Clock& clock_;
  const SiteLimits& limits_;
  std::list<Kept> kept_;
  Timer sweep_;
};

// What the folders of a worker share, so that their limits hold for all of them together: many cost
// no more than one. Outlives their handlers.
struct FileServices {
  Background& coding;   // compresses
  Background& slow;     // lists folders and hashes large files: must not delay the others
  Background& hashing;  // hashes small files, whose entity tags clients wait for
  TimerQueue& timers;
  BufferPool& pool;
  const Clock& clock;
  const SiteLimits limits{};
  const std::function<void(const std::string&)> notice{};  // gets one sentence for the operator
  const std::string secret{};  // random; makes multipart boundaries unpredictable

  KeptFiles kept{limits};
  Ref<Admission> streams = make_ref<Admission>(limits.live_encoders);
  Ref<Admission> coded = make_ref<Admission>(limits.coding);
  Ref<Admission> tagged = make_ref<Admission>(limits.tags);
  Ref<Admission> hashed = make_ref<Admission>(limits.digests);
  Ref<Admission> listed = make_ref<Admission>(limits.listings_made);
  Ref<Admission> listings = make_ref<Admission>(limits.listings);
  Ref<DigestTable> digests = make_ref<DigestTable>(limits.digests_kept);
  KeptListings kept_listings{timers, clock, limits};
};

}  // namespace troika
