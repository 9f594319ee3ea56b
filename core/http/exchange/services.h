#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include "http/exchange/timeouts.h"
#include "http/message/date.h"
#include "http/message/limits.h"

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
