#pragma once
#include <cstdint>
#include <string_view>

namespace troika {

// Why an exchange, or one direction of it, ends early. proto/README.md has what each protocol
// sends and reads for it.
enum class AbortReason : std::uint8_t {
  none,            // not aborted
  peer_reset,      // the peer cancelled this exchange
  peer_gone,       // the connection was lost
  protocol_error,  // the peer broke the protocol
  timeout,
  handler_failed,  // a handler or body failed after the head was sent
  body_stopped,    // nobody reads the rest of the request body; no error
  refused,         // not begun: the peer may try again elsewhere
  shutdown,        // the server's drain deadline
};

constexpr std::string_view name_of(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::none: return "none";
    case AbortReason::peer_reset: return "reset by client";
    case AbortReason::peer_gone: return "connection lost";
    case AbortReason::protocol_error: return "protocol error";
    case AbortReason::timeout: return "timeout";
    case AbortReason::handler_failed: return "failed";
    case AbortReason::body_stopped: return "body stopped";
    case AbortReason::refused: return "refused";
    case AbortReason::shutdown: return "shutdown";
  }
  return "";
}

}  // namespace troika
