#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "os/writer_thread.h"
#include "tls/context/key_log.h"

namespace troika {

// --keylog: a file that only its owner may read, and that is added to.
class KeyLogFile final : public tls::KeyLog {
 public:
  static Checked<std::unique_ptr<KeyLogFile>> open(const std::string& path);
  void reopen();  // the file of that name may be another one by now
  // Where it is said that it cannot be written; outlives this.
  void set_notices(WriterThread& notices) { writer_.set_notices(notices, "the key log " + path_); }
  void line(std::string_view text) noexcept override { writer_.line(text); }

 private:
  KeyLogFile(std::string path, Fd fd) : path_(std::move(path)), writer_(LogOutput(std::move(fd))) {}
  const std::string path_;
  WriterThread writer_;
};

}  // namespace troika
