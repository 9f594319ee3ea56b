#pragma once
#include <chrono>
#include <cstdint>

#include "base/account.h"
#include "base/buffer.h"
#include "base/ownership.h"
#include "base/time.h"
#include "http/message/date.h"
#include "http/message/limits.h"

namespace troika {

// How long the server waits for what a client's connection is to do; QUIC has its own times.
struct Timeouts {
  Duration handshake = std::chrono::seconds(10);  // of TLS over TCP
  Duration header_block =
      std::chrono::seconds(10);  // from a request's first byte to its last field
  // No request in flight; HTTP/3 too, when PINGs keep QUIC alive.
  Duration idle_tcp = std::chrono::seconds(60);
  // A PING on HTTP/3 while there is a tunnel: QUIC's idle timeout knows nothing of tunnels.
  Duration tunnel_ping = std::chrono::seconds(15);
  // Reading on after the last response (h1: RFC 9112 §9.6), or after that of a stream.
  Duration linger = std::chrono::seconds(2);
  Duration drain = std::chrono::seconds(30);
};

// How long an exchange waits.
struct ExchangeTimeouts {
  Duration body_progress = std::chrono::seconds(30);   // a request body that is waited for
  Duration handler = std::chrono::seconds(120);        // its response, from the last byte it read
  Duration write_progress = std::chrono::seconds(60);  // bytes of a response that left the process
  Duration tunnel_idle = std::chrono::hours(1);        // a tunnel: bytes either way
  // Bytes a second of a body either way, which body_progress and write_progress are the patience
  // of (base/pace.h); 0: any byte is progress.
  std::uint32_t least_rate = 240;
};

class AuthorityCheck;
class FlushQueue;
class Handler;
class ExchangeObserver;
class RequestMarks;

// What the configuration decides for exchanges: the handler and the deadlines. It never changes:
// another one takes its place in Services, and each exchange keeps the one of its head until it is
// destroyed. Of one worker; the last reference deletes it, which may be with a protocol engine on
// the stack, so what it owns must not end then and there.
//
// Not here is what a connection was told or began with, and keeps: its limits, which are also in
// SETTINGS and windows, and the times in Timeouts. What it takes from the snapshot when it begins
// (ENABLE_CONNECT_PROTOCOL, write_progress of the transport) stays with it as well.
class Snapshot : public Counted {
 public:
  // The handler outlives the turn of the loop in which the last reference goes.
  Snapshot(Handler& handler, const ExchangeTimeouts& timeouts) noexcept
      : handler_(handler), timeouts_(timeouts) {}
  virtual ~Snapshot() = default;

  Handler& handler() const noexcept { return handler_; }
  const ExchangeTimeouts& timeouts() const noexcept { return timeouts_; }

 private:
  Handler& handler_;
  const ExchangeTimeouts timeouts_;
};

// What clients did wrong, and what became of their connections.
struct Misconduct {
  std::uint64_t faults = 0, glitches = 0;
  std::uint64_t drained = 0, ended = 0;  // connections
  std::uint64_t over_memory = 0;         // requests that a connection's memory had no room for

  Misconduct& operator+=(const Misconduct& more) noexcept {
    faults += more.faults;
    glitches += more.glitches;
    drained += more.drained;
    ended += more.ended;
    over_memory += more.over_memory;
    return *this;
  }
};

// What sessions, exchanges and handlers use of their worker; outlives all of them.
struct Services {
  BufferPool& pool;
  const Clock& clock;
  const Limits& limits;
  const Timeouts& timeouts;
  Ref<Snapshot> snapshot;  // for requests from now on; never null when there are any
  ExchangeObserver& observer;
  const AuthorityCheck* authority = nullptr;  // null: every authority is served
  FlushQueue* flush = nullptr;                // for jobs; null: there is no worker
  RequestMarks* marks = nullptr;              // null: requests are not marked
  DateCache date{};
  Account* account = nullptr;  // of the worker, above those of its connections
  bool overloaded = false;     // requests get 503 from now on
  bool server_timing = false;  // responses have Server-Timing
  Misconduct misconduct{};
};

}  // namespace troika
