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

// The peer of a connection and how it is connected; owned by the connection and valid for its
// lifetime.
struct PeerInfo {
  Address remote, local;
  SecurityInfo security;
  std::string alt_svc;  // Alt-Svc field value for responses on this connection; empty: none
  // Number of exchanges that wait for the end of the handshake. They maintain it, and change
  // nothing else here.
  mutable std::size_t held = 0;
};

// Of a request that was responded to, so much of its target and authority is kept.
inline constexpr std::size_t kTargetKept = 2049, kAuthorityKept = 261;
// And of a field that the log wants.
inline constexpr std::size_t kFieldKept = 1025;

// What a log wants of a request's fields, when it wants it (RequestMarks); else empty.
struct KeptFields {
  std::string_view user_agent, referer;      // perhaps cut to kFieldKept bytes
  std::string_view request_id, traceparent;  // as the handler saw them; valid
};

// Which of the configuration's sites and routes took a request, by their numbers there.
struct Routed {
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::uint32_t site = kNone, route = kNone;
};

// Describes an exchange that is over. Views and references are valid during the call.
struct ExchangeSummary {
  const Request& request;  // without fields; target.raw and authority as they were, or cut
  const PeerInfo& peer;
  std::uint16_t status = 0;  // 0: there was no response
  // Response content bytes that left the process. HTTP/3: bytes that the client acknowledged, or
  // all of them if the connection ended before that without an error.
  std::uint64_t body_bytes = 0;
  WallTime started;
  Duration duration{};
  AbortReason aborted = AbortReason::none;
  KeptFields fields{};
  Routed routed{};
};

class ExchangeObserver {
 public:
  virtual void on_complete(const ExchangeSummary& summary) noexcept = 0;  // once for each exchange

 protected:
  ~ExchangeObserver() = default;
};

// Calls several observers in order. They must outlive it.
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
