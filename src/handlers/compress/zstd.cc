#include <zstd.h>

#include <array>

#include "handlers/compress/coders.h"

namespace troika {
namespace {

constexpr int kLevel = 3;

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

// RFC 8878. The window stays far below the 8 MiB that RFC 9659 §3 allows for a Content-Encoding.
class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(int window) : context_(ZSTD_createCCtx()) {
    if (!context_) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, window);
  }

  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    if (!context_) return fail(ErrorCode::internal, "zstd: no memory");
    ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
    std::array<std::byte, kEncoderChunk> chunk;
    std::size_t left = 0;  // of a frame that is to end: what the library has not given yet
    do {
      ZSTD_outBuffer out{.dst = chunk.data(), .size = chunk.size(), .pos = 0};
      left = ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) return fail(ErrorCode::internal, "zstd failed");
      if (out.pos > 0) sink(std::span(chunk).first(out.pos));
    } while (in.pos < in.size || (last && left > 0));
    return {};
  }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeZstd> context_;
};

}  // namespace

std::unique_ptr<Encoder> make_zstd(Effort effort) {
  return std::make_unique<ZstdEncoder>(effort == Effort::whole ? 20 : 18);
}

}  // namespace troika
