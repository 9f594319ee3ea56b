#pragma once
#include <chrono>

#include "base/buffer.h"
#include "base/time.h"
#include "http/message/date.h"
#include "http/message/limits.h"

namespace troika {

// Every duration that the server waits for, in one place.
struct Timeouts {
  Duration handshake = std::chrono::seconds(10);  // of TLS over TCP
  // A client whose packets get lost tries again after 1, 3, 7 and 15 s (RFC 9002 §6.2).
  Duration handshake_quic = std::chrono::seconds(20);
  Duration header_block =
      std::chrono::seconds(10);  // from a request's first byte to its last field
  Duration idle_tcp =
      std::chrono::seconds(60);  // no request in flight; HTTP/3 too, when PINGs keep QUIC alive
  Duration idle_quic = std::chrono::seconds(30);
  Duration body_progress = std::chrono::seconds(30);   // a request body that is waited for
  Duration write_progress = std::chrono::seconds(60);  // bytes of a response that left the process
  // Reading on after the last response (h1: RFC 9112 §9.6), or after that of a stream.
  Duration linger = std::chrono::seconds(2);
  Duration drain = std::chrono::seconds(30);
  Duration retry_token = handshake_quic;                // QUIC: how long a Retry can be answered
  Duration new_token = std::chrono::hours(24);          // and a visitor come back without one
  Duration ticket_rotation = std::chrono::hours(12);    // age of the key that seals new tickets
  Duration ticket_lifetime = std::chrono::hours(24);    // of a session ticket
  Duration replay_window = std::chrono::seconds(30);    // an early ClientHello is remembered
  Duration certificate_look = std::chrono::seconds(1);  // between two looks at their files
};

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
