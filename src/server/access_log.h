#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "http/exchange/observer.h"

namespace troika {

class WriterThread;

// One line a request: time, client, method, target, status, bytes, protocol, duration, TLS version,
// group; then what else there is to say. What a peer sent is escaped, so that one request is one
// line. Lines that the output cannot take in time are dropped and counted; the loop never waits.
class AccessLog final : public ExchangeObserver {
 public:
  // A null writer: the log is off.
  explicit AccessLog(WriterThread* writer) : writer_(writer) {}
  void on_complete(const ExchangeSummary& summary) noexcept override;

 private:
  WriterThread* writer_;
};

std::string format_access_line(const ExchangeSummary& summary);

}  // namespace troika
