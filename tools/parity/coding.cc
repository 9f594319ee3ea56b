#include "tools/parity/coding.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace troika::parity {
namespace {

constexpr std::size_t kMostDecoded = 64U << 20U;
constexpr int kGzip = 15 + 16;  // zlib's windowBits: the largest window, in gzip's format

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
std::uint8_t* octets(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

std::string encode_br(std::string_view bytes) {
  std::string out(BrotliEncoderMaxCompressedSize(bytes.size()) + 16, '\0');
  std::size_t size = out.size();
  if (BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, bytes.size(), octets(bytes),
                            &size, octets(out)) == BROTLI_FALSE) {
    throw std::runtime_error("brotli did not compress");
  }
  out.resize(size);
  return out;
}

std::string encode_zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3);
  if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd did not compress");
  out.resize(size);
  return out;
}

// With a window of 16 MiB, which is above what a content coding may have (RFC 9659).
std::string encode_wide(std::string_view bytes) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(),
                                                                        ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, 24);
  std::string out(ZSTD_compressBound(bytes.size()) + 64, '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  // The size is not told before, or the window would be that small.
  ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_flush);
  if (ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_end) != 0) {
    throw std::runtime_error("zstd did not compress");
  }
  out.resize(to.pos);
  return out;
}

std::string encode_gzip(std::string_view bytes) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()), '\0');
  z.next_in = const_cast<Bytef*>(octets(bytes));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = octets(out);
  z.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  if (result != Z_STREAM_END) throw std::runtime_error("zlib did not compress");
  return out;
}

std::optional<std::string> decode_br(std::string_view bytes) {
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  std::string out;
  std::array<std::uint8_t, 16384> block{};
  const std::uint8_t* in = octets(bytes);
  std::size_t left = bytes.size();
  for (;;) {
    std::uint8_t* to = block.data();
    std::size_t room = block.size();
    const auto result = BrotliDecoderDecompressStream(state.get(), &left, &in, &room, &to, nullptr);
    out.append(reinterpret_cast<const char*>(block.data()), block.size() - room);
    if (result == BROTLI_DECODER_RESULT_SUCCESS && left == 0) return out;
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT || out.size() > kMostDecoded) return {};
  }
}

std::optional<std::string> decode_zstd(std::string_view bytes) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        ZSTD_freeDCtx);
  std::string out;
  std::array<char, 16384> block{};
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer to{block.data(), block.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(result) != 0) return {};
    out.append(block.data(), to.pos);
    if (result == 0) break;  // the end of a frame
    if ((in.pos == in.size && to.pos < to.size) || out.size() > kMostDecoded) return {};
  }
  return in.pos == in.size ? std::optional(out) : std::nullopt;
}

std::optional<std::string> decode_gzip(std::string_view bytes) {
  z_stream z{};
  if (inflateInit2(&z, kGzip) != Z_OK) return {};
  std::string out;
  std::array<Bytef, 16384> block{};
  z.next_in = const_cast<Bytef*>(octets(bytes));
  z.avail_in = static_cast<uInt>(bytes.size());
  int result = Z_OK;
  while (result == Z_OK && out.size() <= kMostDecoded) {
    z.next_out = block.data();
    z.avail_out = static_cast<uInt>(block.size());
    result = inflate(&z, Z_NO_FLUSH);
    out.append(reinterpret_cast<const char*>(block.data()), block.size() - z.avail_out);
  }
  const bool whole = result == Z_STREAM_END && z.avail_in == 0;
  inflateEnd(&z);
  return whole ? std::optional(out) : std::nullopt;
}

}  // namespace

std::string encode(std::string_view coding, std::string_view bytes) {
  if (coding == "br") return encode_br(bytes);
  if (coding == "zstd-wide") return encode_wide(bytes);
  return coding == "zstd" ? encode_zstd(bytes) : encode_gzip(bytes);
}

std::optional<std::string> decode(std::string_view coding, std::string_view bytes) {
  if (coding == "br") return decode_br(bytes);
  return coding == "zstd" ? decode_zstd(bytes) : decode_gzip(bytes);
}

}  // namespace troika::parity
