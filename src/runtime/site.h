#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "http/exchange/handler.h"
#include "http/exchange/services.h"
#include "loop/loop.h"
#include "ports/background.h"

namespace troika {

// What a worker lends to its sites; outlives them. The tasks of all of them share the three
// Backgrounds, so that the thread pool has as many as one site gives it.
struct SiteServices {
  Loop& loop;
  BufferPool& pool;
  Background& coding;   // compresses
  Background& slow;     // lists folders and hashes large files: must not delay the others
  Background& hashing;  // hashes small files, whose entity tags clients wait for
};

struct Site {
  std::unique_ptr<Handler> handler;
  std::unique_ptr<Handler> redirect{};  // on plain ports that only redirect; null: as `handler`
};

// What each worker makes a Snapshot of.
struct SnapshotSource {
  using MakeSite = std::function<Site(const SiteServices&)>;
  MakeSite make_site{};  // called once by each worker, on its thread or before it runs
  ExchangeTimeouts timeouts{};
  std::uint16_t https_port = 443;  // where plain HTTP on a TLS port is redirected to
};

// A snapshot that owns what it serves with. That ends with the turn of the loop in which the last
// reference goes, as `deferred` does.
Ref<Snapshot> make_snapshot(Site site, const ExchangeTimeouts& timeouts, Deferred& deferred);
// Another handler of the same site.
Ref<Snapshot> share_snapshot(Handler& handler, Ref<Snapshot> owner);

}  // namespace troika
