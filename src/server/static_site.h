#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "handlers/site_options.h"
#include "runtime/worker.h"
#include "server/notices.h"

namespace troika {

// The share that one of `workers` gets of the process's resources.
struct SiteShare {
  SiteLimits limits{};  // of the process, but open_files, which are this worker's
  unsigned workers = 1;
};

// Receive each look for the folder, and later findings about files; null: none. The workers' sites
// share them.
struct SiteNotices {
  std::shared_ptr<RootNotice> root{};
  std::shared_ptr<SiteNotice> files{};
};

// Returns a function that makes a worker's share of a site of files beneath `root`, whose path is
// resolved again while the site is served. The error is one sentence. `warnings` receives the pages
// of the options that are missing, and whether files must be opened in a slower way.
Checked<SnapshotSource::MakeSite> static_site(const std::string& root, SiteOptions options,
                                              SiteShare share,
                                              std::vector<std::string>* warnings = nullptr,
                                              SiteNotices notices = {});

}  // namespace troika
