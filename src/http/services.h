#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include "http/date.h"
#include "http/limits.h"
#include "http/timeouts.h"

namespace troika {

class AuthorityCheck;
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
  const AuthorityCheck* authority = nullptr;  // null: every authority is served
  DateCache date{};
};

}  // namespace troika
