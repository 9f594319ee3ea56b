#pragma once
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "handlers/files/admission.h"
#include "handlers/files/file_cache.h"
#include "handlers/files/shared_result.h"
#include "handlers/site_options.h"
#include "http/exchange/observer.h"
#include "http/message/message.h"
#include "ports/background.h"
#include "ports/file_reader.h"

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

// What all requests of a worker's site share; outlives them.
struct StaticSite {
  FileReader& files;
  Background& coding;
  Background& slow;
  Background& hashing;
  TimerQueue& timers;
  BufferPool& pool;
  const Clock& clock;
  std::shared_ptr<const SiteSettings> settings;
  std::string secret;
  std::function<void(const std::string&)> notice;
  FileCache cache;
  Ref<Admission> streams = make_ref<Admission>(settings->limits.live_encoders);
  Ref<Admission> coded = make_ref<Admission>(settings->limits.coding);
  Ref<Admission> tagged = make_ref<Admission>(settings->limits.tags);
  Ref<Admission> hashed = make_ref<Admission>(settings->limits.digests);
  Ref<Admission> listed = make_ref<Admission>(settings->limits.listings_made);
  Ref<Admission> listings = make_ref<Admission>(settings->limits.listings);
  Ref<DigestTable> digests = make_ref<DigestTable>(settings->limits.digests_kept);
  KeptListings kept_listings{timers, clock, settings->limits};

  // A request fails for it. The operator is told of what he can mend.
  void failed_to_open(const Error& why) const {
    if (why.code != ErrorCode::unavailable || !notice) return;
    notice(formatted("a file could not be opened, so its request got 503: {}", why.detail));
  }
};

// One request of a site: what the parts of its job share.
struct SiteRequest {
  StaticSite& site;
  const Request& request;
  const PeerInfo& peer;           // who asks, to Admission
  Ref<RootFolder> root{};         // all files are opened beneath it; null: there is none
  std::string name{};             // of the file that is served, beneath the root; empty: none yet
  bool varies_by_accept = false;  // the response depends on Accept (RFC 9110 §12.5.5)
  std::unique_ptr<Operation> operation{};  // the one thing that the job waits for

  const SiteOptions& options() const noexcept { return site.settings->options; }
  const SiteLimits& limits() const noexcept { return site.settings->limits; }
  bool is_get() const noexcept { return request.method == Method::get; }

  // Null is an operation that completed at once. It must not displace one that it began.
  void await(std::unique_ptr<Operation> begun) {
    if (begun != nullptr) operation = std::move(begun);
  }
  void open(std::string_view file, FileCache::Opened done) {
    await(site.cache.open(root, file, std::move(done)));
  }
};

// A file that may not be read looks like one that does not exist.
inline bool is_absent(ErrorCode code) noexcept {
  return code == ErrorCode::not_found || code == ErrorCode::denied;
}

}  // namespace troika
