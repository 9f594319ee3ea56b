#pragma once
#include <ctime>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/exchange/observer.h"

namespace troika {

class WriterThread;

// Formats a line per request: time, client, method, target, status, bytes, protocol, duration, TLS
// version, group; then markers that apply. Text from the peer is escaped, so that one request is
// one line.
class AccessLines {
 public:
  void append(std::string& to, const ExchangeSummary& summary);  // without its newline

 private:
  std::string_view second_of(WallTime time);

  std::time_t second_ = -1;
  std::string text_;  // of that second, formatted once
};

// The access log of one worker. Its lines go to the writer by full buffers, or kPatience after the
// first of a buffer: the writer's lock is not on the way of a request. Lines that the output cannot
// accept in time are dropped and counted; the loop never waits.
class AccessLog final : public ExchangeObserver {
 public:
  static constexpr std::size_t kBuffer = 16U << 10U;  // bytes
  static constexpr Duration kPatience = std::chrono::milliseconds(50);

  // The arguments outlive this object.
  AccessLog(WriterThread& writer, TimerQueue& timers, const Clock& clock)
      : writer_(writer), clock_(clock), timer_(timers, [this] { hand_over(); }) {}
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() { hand_over(); }

  void on_complete(const ExchangeSummary& summary) noexcept override;

 private:
  void hand_over();

  WriterThread& writer_;
  const Clock& clock_;
  AccessLines lines_;
  std::string buffer_;
  Timer timer_;
};

}  // namespace troika
