#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "http/message/body.h"
#include "http/message/message.h"
#include "ports/address.h"
#include "ports/transport.h"

namespace troika {

// Who is at the other end, and how it came here; owned by the connection and valid as long as it.
struct PeerInfo {
  Address remote, local;
  SecurityInfo security;
  std::string alt_svc;  // value of the Alt-Svc field for answers on this connection; empty: none
  // Exchanges that wait for the end of the handshake. They count themselves, which is all that they
  // change here.
  mutable std::size_t held = 0;
};

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

// Tells each of several, in order. They outlive it.
class ExchangeObservers final : public ExchangeObserver {
 public:
  explicit ExchangeObservers(std::vector<ExchangeObserver*> all) : all_(std::move(all)) {}
  void on_complete(const ExchangeSummary& summary) noexcept override {
    for (ExchangeObserver* const one : all_) one->on_complete(summary);
  }

 private:
  std::vector<ExchangeObserver*> all_;
};

}  // namespace troika
