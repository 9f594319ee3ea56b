#include "runtime/site.h"

#include <utility>

namespace troika {
namespace {

// The site ends with the turn: it may have timers and operations, and the engine of the last
// exchange may be on the stack.
class SiteSnapshot final : public Snapshot {
 public:
  SiteSnapshot(Site site, const ExchangeTimeouts& timeouts, Deferred& deferred)
      : Snapshot(*site.handler, timeouts),
        site_(std::make_unique<Held>(std::move(site))),
        deferred_(deferred) {}
  SiteSnapshot(const SiteSnapshot&) = delete;
  SiteSnapshot& operator=(const SiteSnapshot&) = delete;
  ~SiteSnapshot() override { deferred_.later(std::move(site_)); }

 private:
  struct Held final : Deletable {
    explicit Held(Site s) : site(std::move(s)) {}
    Site site;
  };

  std::unique_ptr<Held> site_;
  Deferred& deferred_;
};

class SharedSnapshot final : public Snapshot {
 public:
  SharedSnapshot(Handler& handler, Ref<Snapshot> owner)
      : Snapshot(handler, owner->timeouts()), owner_(std::move(owner)) {}

 private:
  Ref<Snapshot> owner_;  // has the handler
};

}  // namespace

Ref<Snapshot> make_snapshot(Site site, const ExchangeTimeouts& timeouts, Deferred& deferred) {
  return Ref<Snapshot>(new SiteSnapshot(std::move(site), timeouts, deferred));
}

Ref<Snapshot> share_snapshot(Handler& handler, Ref<Snapshot> owner) {
  return Ref<Snapshot>(new SharedSnapshot(handler, std::move(owner)));
}

}  // namespace troika
