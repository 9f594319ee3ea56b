#pragma once
#include <chrono>

#include "base/buffer.h"
#include "base/time.h"
#include "http/message/date.h"
#include "http/message/limits.h"

namespace troika {

// How long the server waits for what a client of TCP, or of HTTP, is to do; QUIC has its own times.
struct Timeouts {
  Duration handshake = std::chrono::seconds(10);  // of TLS over TCP
  Duration header_block =
      std::chrono::seconds(10);  // from a request's first byte to its last field
  // No request in flight; HTTP/3 too, when PINGs keep QUIC alive.
  Duration idle_tcp = std::chrono::seconds(60);
  Duration body_progress = std::chrono::seconds(30);   // a request body that is waited for
  Duration handler = std::chrono::seconds(120);        // its response, from the last byte it read
  Duration write_progress = std::chrono::seconds(60);  // bytes of a response that left the process
  Duration tunnel_idle = std::chrono::hours(1);        // a tunnel: bytes either way
  // A PING on HTTP/3 while there is one: QUIC\'s idle timeout knows nothing of tunnels.
  Duration tunnel_ping = std::chrono::seconds(15);
  // Reading on after the last response (h1: RFC 9112 §9.6), or after that of a stream.
  Duration linger = std::chrono::seconds(2);
  Duration drain = std::chrono::seconds(30);
};

class AuthorityCheck;
class Handler;
class ExchangeObserver;

// What sessions, exchanges and handlers use of their worker; outlives all of them.
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
