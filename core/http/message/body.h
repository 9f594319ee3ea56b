#pragma once
#include <cstdint>
#include <optional>

#include "base/buffer.h"
#include "base/result.h"
#include "http/message/abort_reason.h"
#include "http/message/header_map.h"

namespace troika {

// Told that a blocked body can go on. wake() only marks: it never pulls.
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

inline constexpr std::size_t kMaxPull = 64U << 10U;  // bytes that one pull gives at most

// A body, request or response, from the side of who reads it: the reader asks, the producer never
// pushes. Owned by its reader; destroying it cancels production.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Up to max_bytes (> 0). Never blocks and never calls the puller back. After `blocked` the waker
  // is woken once; after `end` or an error it is not called again.
  virtual Result<Pulled> pull(std::size_t max_bytes) = 0;
  virtual void set_waker(Waker* waker) noexcept = 0;  // null: nobody listens any more
  // The reader loses interest, and why; comes before destruction, at most once.
  virtual void stop(AbortReason) noexcept {}
  // Bytes still to come, when known. Exact if given: a source that gives fewer or more ends in a
  // reset, never in padding.
  virtual std::optional<std::uint64_t> remaining() const noexcept { return std::nullopt; }
  virtual const HeaderMap* trailers() const noexcept { return nullptr; }  // valid after `end`
};

}  // namespace troika
