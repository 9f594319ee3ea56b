#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "base/error.h"
#include "http/message/fields.h"

namespace troika {

// Why an exchange, or one direction of it, ends early. proto/README.md lists what each protocol
// sends and receives for it.
enum class AbortReason : std::uint8_t {
  none,            // not aborted
  peer_reset,      // the peer cancelled this exchange
  peer_gone,       // the connection was lost
  protocol_error,  // the peer broke the protocol
  over_limit,      // the peer's response is larger than a limit
  timeout,
  handler_failed,  // a handler or body failed after the head was sent
  body_stopped,    // the rest of the request body is unread; no error
  refused,         // not processed: the peer may retry elsewhere
  cancelled,       // we lost interest in our own request
  shutdown,        // the server's drain deadline
};

constexpr std::string_view name_of(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::none: return "none";
    case AbortReason::peer_reset: return "reset by client";
    case AbortReason::peer_gone: return "connection lost";
    case AbortReason::protocol_error: return "protocol error";
    case AbortReason::over_limit: return "over a limit";
    case AbortReason::timeout: return "timeout";
    case AbortReason::handler_failed: return "failed";
    case AbortReason::body_stopped: return "body stopped";
    case AbortReason::refused: return "refused";
    case AbortReason::cancelled: return "cancelled";
    case AbortReason::shutdown: return "shutdown";
  }
  return "";
}

// Called when a blocked body can go on. wake() only records: it never pulls.
class Waker {
 public:
  virtual void wake() noexcept = 0;

 protected:
  ~Waker() = default;
};

enum class PullState : std::uint8_t { data, blocked, end };

struct Pulled {
  PullState state = PullState::end;
  Slice bytes;  // not empty if and only if state == data
};

inline constexpr std::size_t kMaxPull = 64U << 10U;  // bytes that one pull returns at most

// A request or response body as its reader sees it: the reader pulls, the producer never pushes.
// Owned by its reader; destroying it cancels production.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Returns up to max_bytes (> 0). Never blocks and never calls the reader back. After `blocked`
  // the waker is called once; after `end` or an error it is not called again.
  virtual Result<Pulled> pull(std::size_t max_bytes) = 0;
  virtual void set_waker(Waker* waker) noexcept = 0;  // null: nobody waits
  // The reader will pull such pieces, and put something into the gap before each. Called before the
  // first pull, if at all. A source whose bytes lie elsewhere already need not heed it.
  virtual void prefer(const Pieces&) noexcept {}
  // The reader can pass on so many bytes now; for more it has to wait, perhaps for long, and what
  // was read ahead of it would only hold memory. Called before a pull, if at all.
  virtual void expect(std::size_t) noexcept {}
  // Bytes of memory that it keeps for its reader; not what it shares with others.
  virtual std::size_t held() const noexcept { return 0; }
  // The reader wants no more, and why; called before destruction, at most once.
  virtual void stop(AbortReason) noexcept {}
  // Remaining bytes, if known. The number is exact: if a source gives fewer or more, the stream is
  // reset, never padded.
  virtual std::optional<std::uint64_t> remaining() const noexcept { return std::nullopt; }
  virtual const HeaderMap* trailers() const noexcept { return nullptr; }  // valid after `end`
};

}  // namespace troika
