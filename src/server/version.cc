#include "server/version.h"

#include <format>

#include "proto/h1/parser.h"
#include "proto/h2/version.h"
#include "proto/h3/version.h"
#include "proto/quic/version.h"
#include "tls/version.h"
#include "uv/version.h"

namespace troika {

std::string build_text() { return TROIKA_VERSION; }

std::string version_text() {
  return std::format("troika {}\n{}, {}, {}, {}, {}, {}\n", build_text(), tls::library_version(),
                     h1::library_version(), h2::library_version(), h3::library_version(),
                     quic::library_version(), uv::library_version());
}

}  // namespace troika
