#include "proto/h3/version.h"

#include <nghttp3/nghttp3.h>

namespace troika::h3 {

std::string library_version() { return std::string("nghttp3 ") + nghttp3_version(0)->version_str; }

}  // namespace troika::h3
