#pragma once
#include <memory>

#include "base/buffer.h"
#include "handlers/compress/encoder.h"
#include "http/message/body.h"
#include "ports/background.h"

namespace troika {

// `inner`, compressed piece by piece on the thread pool. Its length is unknown. It holds one piece
// of input and its output at a time.
std::unique_ptr<BodySource> compress_body(Background& background, BufferPool& pool,
                                          std::unique_ptr<BodySource> inner,
                                          std::unique_ptr<Encoder> encoder);

}  // namespace troika
