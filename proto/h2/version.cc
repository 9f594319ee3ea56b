#include "proto/h2/version.h"

#include <nghttp2/nghttp2.h>

namespace troika::h2 {

std::string library_version() { return std::string("nghttp2 ") + nghttp2_version(0)->version_str; }

}  // namespace troika::h2
