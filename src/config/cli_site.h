#pragma once
#include <string>
#include <vector>

#include "base/error.h"
#include "handlers/site_options.h"

namespace troika {

// Options of a folder of files, as they were written.
struct RawSite {
  std::vector<std::string> error_pages, types, cache, headers, cors;
  bool no_compress = false;
};

// Reads them into `options`. The error is one sentence.
Checked<void> complete_site(const RawSite& raw, SiteOptions& options);

}  // namespace troika
