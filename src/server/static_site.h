#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "handlers/static/site_options.h"
#include "server/worker.h"

namespace troika {

class SiteNotice;

// What one of so many workers gets of what the process has.
struct SiteShare {
  std::size_t open_files = 4096;  // of this worker
  unsigned workers = 1;
};
// Threads of libuv's pool that the sites of so many workers keep busy at most.
unsigned background_threads(unsigned workers) noexcept;

// What makes a worker's share of a site of files beneath `root`. Each worker serves the folder that
// was opened here, whatever its name stands for later. The error is one sentence. `warnings` are
// told which pages that the options name are not there; `notice`, which outlives the workers, what
// is found out about files later.
Checked<std::function<Site(Loop&, BufferPool&)>> static_site(
    const std::string& root, SiteOptions options, SiteShare share,
    std::vector<std::string>* warnings = nullptr, SiteNotice* notice = nullptr);

}  // namespace troika
