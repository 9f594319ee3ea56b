#pragma once
#include "base/time.h"

namespace troika {

// Something that has work to do in the flush, the part of a loop turn in which nothing of an engine
// or a callback is on the stack: a connection, of a client or to an origin, or the job of a handler
// that was called back and only recorded.
class Flushable {
 public:
  // Does what is to be done now. True: there is more, which waits for the next turn.
  virtual bool flush(TimePoint now) = 0;

  bool dirty = false;  // of the queue that it is on

 protected:
  ~Flushable() = default;
};

// Where they wait, each of them once. One worker's, used on its thread alone; it owns nothing.
class FlushQueue {
 public:
  // flush() comes in this turn, or in the same flush if that is on the stack, so that what one
  // brings leaves through another in the turn in which it came.
  virtual void add(Flushable& work) noexcept = 0;
  virtual void remove(Flushable& work) noexcept = 0;  // before it is destroyed; also if not added

 protected:
  ~FlushQueue() = default;
};

}  // namespace troika
