#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ports/address.h"

namespace troika {

// Reports failed handshakes to the operator: one line each, up to a limit per second; then one line
// with the number of the others.
class HandshakeNotices {
 public:
  using Say = std::function<void(const std::string& line)>;

  // `most`: lines per second, besides those with a number. The queue and the clock outlive it.
  HandshakeNotices(std::uint32_t most, const Clock& clock, TimerQueue& timers, Say say);
  ~HandshakeNotices();  // reports the failures counted so far
  HandshakeNotices(const HandshakeNotices&) = delete;
  HandshakeNotices& operator=(const HandshakeNotices&) = delete;

  // `protocol`: "TLS" or "QUIC".
  void failed(std::string_view protocol, const Address& client, std::string_view why);

 private:
  void end_second();

  const std::uint32_t most_;
  const Clock& clock_;
  const Say say_;
  std::uint32_t said_ = 0;  // in the second that the timer ends
  std::uint64_t unsaid_ = 0;
  Timer second_;
};

}  // namespace troika
