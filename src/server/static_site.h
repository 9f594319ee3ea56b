#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "handlers/static/site_options.h"
#include "server/worker.h"

namespace troika {

// What makes a worker's share of a site of files beneath `root`. Each worker serves the folder that
// was opened here, whatever its name stands for later. The error is one sentence. `warnings` are
// told which pages that the options name are not there.
Checked<std::function<Site(Loop&, BufferPool&)>> static_site(
    const std::string& root, SiteOptions options, std::size_t open_files,
    std::vector<std::string>* warnings = nullptr);

}  // namespace troika
