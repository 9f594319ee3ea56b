#include "loop/version.h"

#include <uv.h>

namespace troika::uv {

std::string library_version() { return std::string("libuv ") + uv_version_string(); }

}  // namespace troika::uv
