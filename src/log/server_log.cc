#include "log/server_log.h"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::array<std::string_view, 5> kLevels{"error", "warn", "notice", "info", "debug"};
constexpr int kFirstPriority = 3;  // of an error (syslog(3)); the others follow it

// What a sentence quotes may be of a peer or a file's name: it stays one line.
std::string one_line(std::string_view sentence) {
  std::string line;
  for (const char c : sentence) {
    if (ascii::is_text_char(c) && c != '\t') {
      line.push_back(c);
    } else {
      append_formatted(line, "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return line;
}

std::string line_of(ServerLog::Form form, const Clock& clock, LogLevel level,
                    std::string_view sentence) {
  const std::string text = one_line(sentence);
  switch (form) {
    case ServerLog::Form::terminal: return "troika: " + text;
    case ServerLog::Form::journal:
      return formatted("<{}>{}", kFirstPriority + static_cast<int>(level), text);
    case ServerLog::Form::file:
      return formatted("{:%FT%T}Z {} {}",
                       std::chrono::floor<std::chrono::milliseconds>(clock.wall()),
                       kLevels[static_cast<std::size_t>(level)], text);
  }
  return text;
}

}  // namespace

std::optional<LogLevel> log_level(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string_view name_of(LogLevel level) noexcept {
  return kLevels[static_cast<std::size_t>(level)];
}

ServerLog::ServerLog(LogOutput out, Form form, LogLevel most, const Clock& clock)
    : form_(form), most_(most), clock_(clock), writer_(std::move(out)) {}

void ServerLog::say(LogLevel level, std::string_view sentence) {
  if (level <= most_) writer_.line(line_of(form_, clock_, level, sentence));
}

std::function<void(const std::string&)> ServerLog::at(LogLevel level) {
  return [this, level](const std::string& sentence) { say(level, sentence); };
}

// Its own trouble is a line of it, as nobody else would hear of that.
void ServerLog::reopen(const std::string& path) {
  writer_.reopen([form = form_, &clock = clock_, path](LogOutput& out) -> Checked<void> {
    const int error = out.open();
    if (error == 0) return {};
    const std::string sentence =
        formatted("cannot reopen the server log {}: {}; logging continues to the old file", path,
                  std::strerror(error));
    out.write(line_of(form, clock, LogLevel::error, sentence) + '\n', false);
    return {};
  });
}

bool is_journal(int fd, const char* stream) noexcept {
  struct stat info{};
  if (stream == nullptr || ::fstat(fd, &info) != 0) return false;
  return stream == formatted("{}:{}", info.st_dev, info.st_ino);
}

}  // namespace troika
