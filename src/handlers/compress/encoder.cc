#include "handlers/compress/encoder.h"

#include <utility>

#include "handlers/compress/coders.h"

namespace troika {

std::unique_ptr<Encoder> make_encoder(Coding coding, Effort effort) {
  switch (coding) {
    case Coding::br: return make_brotli(effort);
    case Coding::zstd: return make_zstd(effort);
    case Coding::gzip: return make_gzip(effort);
    case Coding::identity: break;
  }
  std::unreachable();
}

}  // namespace troika
