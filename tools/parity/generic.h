#pragma once
#include <string>
#include <vector>

#include "tools/parity/ask.h"

namespace troika::parity {

// What a first GET said of a resource; empty or 0 what it did not.
struct Learned {
  std::string etag, last_modified;
  std::size_t size = 0;
};

struct Generic {
  std::string group, name;
  Ask ask;
};

// Requests that can be made of whatever stands at `target`. Those that may change what a server
// keeps (POST, PUT, PATCH, DELETE) only when `all_methods`.
std::vector<Generic> generic_requests(const std::string& target, const Learned& learned,
                                      bool all_methods);

}  // namespace troika::parity
