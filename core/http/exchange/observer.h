#pragma once
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "http/exchange/peer_info.h"
#include "http/message/abort_reason.h"
#include "http/message/request.h"

namespace troika {

// What is known of an exchange when it is over. Views and references are valid during the call.
struct ExchangeSummary {
  const Request& request;
  const PeerInfo& peer;
  std::uint16_t status = 0;  // 0: no answer was begun
  // Of the response, that left the process. HTTP/3: that the client has acknowledged, or all if the
  // connection ended without an error before that.
  std::uint64_t body_bytes = 0;
  WallTime started;
  Duration duration{};
  AbortReason aborted = AbortReason::none;
};

class ExchangeObserver {
 public:
  virtual void on_complete(const ExchangeSummary& summary) noexcept = 0;  // once for each exchange

 protected:
  ~ExchangeObserver() = default;
};

}  // namespace troika
