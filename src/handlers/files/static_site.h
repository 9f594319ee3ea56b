#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "handlers/files/file_cache.h"
#include "handlers/files/file_services.h"
#include "handlers/site_options.h"
#include "http/exchange/observer.h"
#include "http/message/message.h"
#include "ports/file_reader.h"

namespace troika {

// What all requests of a worker's folder share; outlives them.
struct StaticSite {
  FileReader& files;
  Background& coding;
  Background& slow;
  Background& hashing;
  TimerQueue& timers;
  BufferPool& pool;
  const Clock& clock;
  std::shared_ptr<const SiteSettings> settings;
  FileServices& shared;
  FileCache cache;

  // A request fails for it. The operator is told of what he can mend.
  void failed_to_open(const Error& why) const {
    if (why.code != ErrorCode::unavailable || !shared.notice) return;
    shared.notice(formatted("a file could not be opened, so its request got 503: {}", why.detail));
  }
};

// One request of a site: what the parts of its job share.
struct SiteRequest {
  StaticSite& site;
  const Request& request;
  const PeerInfo& peer;           // who asks, to Admission
  std::string_view path;          // of the target, beneath the root; empty: the root's, unslashed
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
