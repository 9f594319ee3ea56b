#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/error.h"
#include "http/semantics/negotiation.h"

namespace troika {

// A compressor of one stream. Any thread, one at a time; never blocks on anything but the CPU.
class Encoder {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;  // compressed bytes, as they come

  virtual ~Encoder() = default;
  // `last`: nothing follows. Errors are those of the library: out of memory.
  virtual Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) = 0;
};

// `stream` is for bodies of any length: at most 2 MiB of memory and less effort, for as long as the
// body lasts; `whole` for those that are compressed once and kept.
enum class Effort : std::uint8_t { stream, whole };
// `coding` is not identity.
std::unique_ptr<Encoder> make_encoder(Coding coding, Effort effort);

// One for each library, behind make_encoder().
std::unique_ptr<Encoder> make_gzip(Effort effort);
std::unique_ptr<Encoder> make_brotli(Effort effort);
std::unique_ptr<Encoder> make_zstd(Effort effort);

// What an encoder writes into before it is handed to the sink, on the stack.
inline constexpr std::size_t kEncoderChunk = 16U << 10U;

}  // namespace troika
