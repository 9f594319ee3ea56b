#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "handlers/site_options.h"
#include "runtime/worker.h"

namespace troika {

class RootNotice;
class SiteNotice;

// What one of so many workers gets of what the process has.
struct SiteShare {
  SiteLimits limits{};  // of the process, but open_files, which are this worker's
  unsigned workers = 1;
};
// Threads of libuv's pool that the sites of so many workers keep busy at most.
unsigned background_threads(unsigned workers) noexcept;

// Who is told of each look for the folder, and of what is found out about files later; null:
// nobody. They outlive the workers.
struct SiteNotices {
  RootNotice* root = nullptr;
  SiteNotice* files = nullptr;
};

// What makes a worker's share of a site of files beneath `root`, which is looked for again by its
// path while the site is served. The error is one sentence. `warnings` are told which pages that
// the options name are not there, and when files have to be opened in a slower way.
Checked<std::function<Site(Loop&, BufferPool&)>> static_site(
    const std::string& root, SiteOptions options, SiteShare share,
    std::vector<std::string>* warnings = nullptr, SiteNotices notices = {});

}  // namespace troika
