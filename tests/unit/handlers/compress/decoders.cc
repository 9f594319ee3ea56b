#include "unit/handlers/compress/decoders.h"

#define ZLIB_CONST
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader
#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstdint>
#include <memory>

namespace troika::test {
namespace {

using Result = std::optional<std::string>;
constexpr std::size_t kChunk = 64U << 10U;

Result gunzip(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, kChunk> chunk{};
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = chunk.size();
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(chunk.data(), chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.avail_in != 0) return std::nullopt;
  return out;
}

Result unbrotli(std::string_view bytes) {
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t in_left = bytes.size();
  std::string out;
  for (;;) {
    std::size_t no_room = 0;
    const auto result =
        BrotliDecoderDecompressStream(state.get(), &in_left, &in, &no_room, nullptr, nullptr);
    std::size_t size = 0;
    const std::uint8_t* made = BrotliDecoderTakeOutput(state.get(), &size);
    out.append(reinterpret_cast<const char*>(made), size);
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT || size > 0) continue;
    if (result != BROTLI_DECODER_RESULT_SUCCESS || in_left != 0) return std::nullopt;
    return out;
  }
}

Result unzstd(std::string_view bytes) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        ZSTD_freeDCtx);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  std::string chunk(kChunk, '\0');
  for (;;) {
    ZSTD_outBuffer made{chunk.data(), chunk.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context.get(), &made, &in);
    if (ZSTD_isError(left) != 0) return std::nullopt;
    out.append(chunk, 0, made.pos);
    if (left == 0) return in.pos == in.size ? Result(out) : std::nullopt;
    if (in.pos == in.size && made.pos < made.size) return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> decode(Coding coding, std::string_view bytes) {
  switch (coding) {
    case Coding::gzip: return gunzip(bytes);
    case Coding::br: return unbrotli(bytes);
    case Coding::zstd: return unzstd(bytes);
    case Coding::identity: break;
  }
  return std::string(bytes);
}

std::size_t zstd_window(std::string_view frame) {
  ZSTD_frameHeader header{};
  if (ZSTD_getFrameHeader(&header, frame.data(), frame.size()) != 0) return 0;
  return header.windowSize;
}

}  // namespace troika::test
