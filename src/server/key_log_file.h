#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "tls/key_log.h"
#include "uv/writer_thread.h"

namespace troika {

// --keylog: a file that only its owner may read, and that is added to.
class KeyLogFile final : public tls::KeyLog {
 public:
  static Checked<std::unique_ptr<KeyLogFile>> open(const std::string& path);
  void line(std::string_view text) noexcept override { writer_.line(text); }

 private:
  explicit KeyLogFile(Fd fd) : writer_(std::move(fd)) {}
  WriterThread writer_;
};

}  // namespace troika
