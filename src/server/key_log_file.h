#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "os/writer_thread.h"
#include "tls/context/key_log.h"

namespace troika {

// --keylog: appends to a file that only its owner may read.
class KeyLogFile final : public tls::KeyLog {
 public:
  static Checked<std::unique_ptr<KeyLogFile>> open(const std::string& path);
  void reopen();  // the name may mean another file by now
  // Sets where to report that it cannot be written; what `say` refers to outlives this object.
  void set_notices(WriterThread::Say say) {
    writer_.set_notices(std::move(say), "the key log " + path_);
  }
  void line(std::string_view text) noexcept override { writer_.line(text); }

 private:
  KeyLogFile(std::string path, Fd fd) : path_(std::move(path)), writer_(LogOutput(std::move(fd))) {}
  const std::string path_;
  WriterThread writer_;
};

}  // namespace troika
