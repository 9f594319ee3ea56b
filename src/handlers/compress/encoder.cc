#include "handlers/compress/encoder.h"

#define ZLIB_CONST  // next_in is const
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

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

namespace {

struct FreeBrotli {
  void operator()(BrotliEncoderState* state) const noexcept { BrotliEncoderDestroyInstance(state); }
};

// RFC 7932.
class BrotliEncoder final : public Encoder {
 public:
  BrotliEncoder(std::uint32_t quality, std::uint32_t window)
      : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) return;
    BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY, quality);
    BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, window);
  }

  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    if (!state_) return fail(ErrorCode::internal, "brotli: no memory");
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t in_left = bytes.size();
    do {
      std::size_t no_room = 0;  // the output is taken from the library's buffer
      if (BrotliEncoderCompressStream(state_.get(),
                                      last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS,
                                      &in_left, &in, &no_room, nullptr, nullptr) == BROTLI_FALSE) {
        return fail(ErrorCode::internal, "brotli failed");
      }
      drain(sink);
    } while (in_left > 0 || (last && BrotliEncoderIsFinished(state_.get()) == BROTLI_FALSE));
    return {};
  }

 private:
  void drain(const Sink& sink) {
    while (BrotliEncoderHasMoreOutput(state_.get()) != BROTLI_FALSE) {
      std::size_t size = 0;  // in: any size
      const std::uint8_t* const out = BrotliEncoderTakeOutput(state_.get(), &size);
      sink({reinterpret_cast<const std::byte*>(out), size});
    }
  }

  std::unique_ptr<BrotliEncoderState, FreeBrotli> state_;
};

}  // namespace

std::unique_ptr<Encoder> make_brotli(Effort effort) {
  return effort == Effort::whole ? std::make_unique<BrotliEncoder>(5U, 20U)
                                 : std::make_unique<BrotliEncoder>(3U, 18U);
}

}  // namespace troika

namespace troika {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kGzipWindow = 15 + 16;  // a window of 32 KiB, and the gzip format
constexpr int kMemLevel = 8;

// RFC 1952. zlib's default header has no time and no name, so equal input gives equal output.
class GzipEncoder final : public Encoder {
 public:
  GzipEncoder()
      : ready_(deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, kMemLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK) {}
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;
  ~GzipEncoder() override {
    if (ready_) deflateEnd(&stream_);
  }

  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    if (!ready_) return fail(ErrorCode::internal, "gzip: no memory");
    // zlib counts its input in 32 bits.
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    do {
      const auto part = bytes.first(std::min(bytes.size(), kMost));
      bytes = bytes.subspan(part.size());
      stream_.next_in = reinterpret_cast<const Bytef*>(part.data());
      stream_.avail_in = static_cast<uInt>(part.size());
      if (!deflate_all(last && bytes.empty() ? Z_FINISH : Z_NO_FLUSH, sink)) {
        return fail(ErrorCode::internal, "gzip failed");
      }
    } while (!bytes.empty());
    return {};
  }

 private:
  // When the output is not filled, the input is used up.
  bool deflate_all(int flush, const Sink& sink) {
    std::array<std::byte, kEncoderChunk> chunk;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      const int result = deflate(&stream_, flush);
      // Z_BUF_ERROR: there was nothing to do.
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return false;
      const std::size_t made = chunk.size() - stream_.avail_out;
      if (made > 0) sink(std::span(chunk).first(made));
    } while (stream_.avail_out == 0);
    return true;
  }

  z_stream stream_{};
  bool ready_;
};

}  // namespace

std::unique_ptr<Encoder> make_gzip(Effort) { return std::make_unique<GzipEncoder>(); }

namespace {

constexpr int kZstdLevel = 3;

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

// RFC 8878. The window stays far below the 8 MiB that RFC 9659 §3 allows for a Content-Encoding.
class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(int window) : context_(ZSTD_createCCtx()) {
    if (!context_) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, window);
  }

  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    if (!context_) return fail(ErrorCode::internal, "zstd: no memory");
    ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
    std::array<std::byte, kEncoderChunk> chunk;
    std::size_t left = 0;  // bytes of the last frame that the library still holds
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
