#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "http/exchange/observer.h"

namespace troika {

class WriterThread;

// One line per request: time, client, method, target, status, bytes, protocol, duration, TLS
// version, group; then markers that apply. Text from the peer is escaped, so that one request is
// one line. Lines that the output cannot accept in time are dropped and counted; the loop never
// waits.
class AccessLog final : public ExchangeObserver {
 public:
  // Null writer: the log is off. The writer outlives this object.
  explicit AccessLog(WriterThread* writer) : writer_(writer) {}
  void on_complete(const ExchangeSummary& summary) noexcept override;

 private:
  WriterThread* writer_;
};

std::string format_access_line(const ExchangeSummary& summary);

}  // namespace troika
