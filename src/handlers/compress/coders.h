#pragma once
#include <memory>

#include "handlers/compress/encoder.h"

namespace troika {

// One for each library, behind make_encoder().
std::unique_ptr<Encoder> make_gzip(Effort effort);
std::unique_ptr<Encoder> make_brotli(Effort effort);
std::unique_ptr<Encoder> make_zstd(Effort effort);

// What an encoder writes into before it is handed to the sink, on the stack.
inline constexpr std::size_t kEncoderChunk = 16U << 10U;

}  // namespace troika
