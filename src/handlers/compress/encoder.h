#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/error.h"
#include "http/semantics/negotiation.h"

namespace troika {

// Compresses one stream. May be used by any thread, but by one at a time. Does no I/O.
class Encoder {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;  // gets compressed bytes

  virtual ~Encoder() = default;
  // `last`: the end of the stream. Fails when the library does: out of memory.
  virtual Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) = 0;
};

// `stream` is for bodies of any length: less effort, and at most 2 MiB of memory while the body is
// sent. `whole` is for bodies that are compressed once and kept.
enum class Effort : std::uint8_t { stream, whole };
// `coding` must not be identity.
std::unique_ptr<Encoder> make_encoder(Coding coding, Effort effort);

// One for each library, behind make_encoder().
std::unique_ptr<Encoder> make_gzip(Effort effort);
std::unique_ptr<Encoder> make_brotli(Effort effort);
std::unique_ptr<Encoder> make_zstd(Effort effort);

// Size of an encoder's output buffer on the stack.
inline constexpr std::size_t kEncoderChunk = 16U << 10U;

}  // namespace troika
