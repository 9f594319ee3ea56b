#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/exchange/observer.h"
#include "log/format.h"

namespace troika {

class WriterThread;

// Where the lines of requests go, and how they are written. The writers outlive who has it.
struct AccessLogs {
  WriterThread* common = nullptr;         // null: off
  std::vector<WriterThread*> of_sites{};  // by the site's number; for sites beyond it, `common`
  LogFormat format = LogFormat::text;
  Redaction redact{};

  bool on() const noexcept;  // there is a writer
};

// Formats a line for each request: one request is one line.
class AccessLines {
 public:
  explicit AccessLines(LogFormat format = LogFormat::text, const Redaction& redact = {})
      : format_(format), redact_(redact) {}
  void append(std::string& to, const ExchangeSummary& summary);  // without its newline

 private:
  std::string_view second_of(WallTime time);

  const LogFormat format_;
  const Redaction redact_;
  std::int64_t second_ = -1;
  std::string text_;  // of that second, formatted once
};

// The access logs of one worker. Lines go to their writer by full buffers, or kPatience after the
// first of a buffer: the writer's lock is not on the way of a request. Lines that the output cannot
// accept in time are dropped and counted; the loop never waits.
class AccessLog final : public ExchangeObserver {
 public:
  static constexpr std::size_t kBuffer = 16U << 10U;  // bytes, of each writer
  static constexpr Duration kPatience = std::chrono::milliseconds(50);

  // The queue and the clock outlive this object.
  AccessLog(const AccessLogs& logs, TimerQueue& timers, const Clock& clock);
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() { hand_over_all(); }

  void on_complete(const ExchangeSummary& summary) noexcept override;

 private:
  struct Out {
    WriterThread* writer;  // null: these lines are not written
    std::string buffer{};
  };

  Out& out_for(std::uint32_t site) noexcept {
    return outs_[site < of_sites_.size() ? of_sites_[site] : 0];
  }
  static void hand_over(Out& out);
  void hand_over_all();

  const Clock& clock_;
  AccessLines lines_;
  std::vector<Out> outs_;              // one for each writer; the common one is the first
  std::vector<std::size_t> of_sites_;  // indices in outs_
  Timer timer_;                        // set while a buffer has lines
};

}  // namespace troika
