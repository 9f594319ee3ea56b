#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include "http/date.h"
#include "http/limits.h"
#include "http/timeouts.h"

namespace troika {

class Handler;
class ExchangeObserver;

// What a worker offers to its sessions, exchanges and handlers; outlives all of them.
struct Services {
  BufferPool& pool;
  const Clock& clock;
  const Limits& limits;
  const Timeouts& timeouts;
  Handler& handler;
  ExchangeObserver& observer;
  DateCache date{};
};

}  // namespace troika
