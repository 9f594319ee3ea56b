#include <brotli/encode.h>

#include "handlers/compress/coders.h"

namespace troika {
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
      std::size_t no_room = 0;  // the output is taken from where the library has it
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
