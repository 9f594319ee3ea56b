#define ZLIB_CONST  // next_in is const
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "handlers/compress/coders.h"

namespace troika {
namespace {

constexpr int kLevel = 6;
constexpr int kGzipWindow = 15 + 16;  // a window of 32 KiB, and the gzip format
constexpr int kMemLevel = 8;

// RFC 1952. zlib's own header has no time and no name, so that equal bytes give equal bytes.
class GzipEncoder final : public Encoder {
 public:
  GzipEncoder()
      : ready_(deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, kMemLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK) {}
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;
  ~GzipEncoder() override {
    if (ready_) deflateEnd(&stream_);
  }

  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    if (!ready_) return fail(ErrorCode::internal, "gzip: no memory");
    // zlib counts what is there in 32 bits.
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
  // An output that was not filled is the sign that the input is used up.
  bool deflate_all(int flush, const Sink& sink) {
    std::array<std::byte, kEncoderChunk> chunk;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      const int result = deflate(&stream_, flush);
      // Z_BUF_ERROR: nothing was left to do.
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

}  // namespace troika
