#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "handlers/site_spec.h"
#include "runtime/worker.h"

namespace troika {

class Operator;

// The share that one of `workers` gets of the process's resources.
struct SiteShare {
  SiteLimits limits{};  // of the process, but open_files, which are this worker's
  unsigned workers = 1;
  std::uint16_t https_port = 443;  // where redirects to https and to canonical hosts lead
};

// Returns a function that makes a worker's share of sites: a router, and the actions of their
// routes, each with its first request. The limits hold for all of them together. The paths of
// folders are resolved again while they are served. The error is one sentence. `warnings` receives
// the pages of the options that are missing, and whether files must be opened in a slower way; `to`
// hears of folders that come and go and of files that cannot be opened, and outlives the sites.
Checked<SnapshotSource::MakeSite> make_sites(std::vector<SiteSpec> sites, SiteShare share,
                                             std::vector<std::string>* warnings = nullptr,
                                             const Operator* to = nullptr);
// Of one site of files beneath `root`, for every host.
Checked<SnapshotSource::MakeSite> static_site(const std::string& root, SiteOptions options,
                                              SiteShare share);

}  // namespace troika
