#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "os/writer_thread.h"

namespace troika {

// How much it matters, as syslog and journald count it.
enum class LogLevel : std::uint8_t {
  error,   // something does not work
  warn,    // something may soon not work, or worked worse than it should
  notice,  // an operator wants to know it
  info,    // an operator may look for it
  debug,   // of interest to who works on the server
};

std::optional<LogLevel> log_level(std::string_view name) noexcept;
std::string_view name_of(LogLevel level) noexcept;

// The operator's log. Its lines come from any thread, which never waits for them. Outlives all that
// it tells of.
class ServerLog {
 public:
  enum class Form : std::uint8_t {
    terminal,  // "troika: cannot write ..."
    journal,   // "<3>cannot write ...": journald takes the number for the priority
    file,      // "2026-12-01T05:01:13.123Z error cannot write ..."
  };

  // Lines of `most` and of what matters more are written, others are not. The clock lives as long
  // as the process.
  ServerLog(LogOutput out, Form form, LogLevel most, const Clock& clock);

  void say(LogLevel level, std::string_view sentence);
  // The same, for who has one level only; it must not outlive this object.
  std::function<void(const std::string& sentence)> at(LogLevel level);
  // A file again by its name, for log rotation: `path` is for the sentence if that fails.
  void reopen(const std::string& path);

 private:
  const Form form_;
  const LogLevel most_;
  const Clock& clock_;
  WriterThread writer_;
};

// Whether the descriptor is the stream to journald that `stream`, the value of JOURNAL_STREAM,
// names: "device:inode" (systemd.exec(5)). A null pointer: there is none.
bool is_journal(int fd, const char* stream) noexcept;

}  // namespace troika
