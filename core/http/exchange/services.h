#pragma once
#include <chrono>

#include "base/buffer.h"
#include "base/time.h"
#include "http/message/date.h"
#include "http/message/limits.h"

namespace troika {

// All timeouts of the server.
struct Timeouts {
  Duration handshake = std::chrono::seconds(10);  // of TLS over TCP
  // A client whose packets are lost retries after 1, 3, 7 and 15 s (RFC 9002 §6.2).
  Duration handshake_quic = std::chrono::seconds(20);
  Duration header_block =
      std::chrono::seconds(10);  // from a request's first byte to its last field
  Duration idle_tcp =
      std::chrono::seconds(60);  // no request in flight; also HTTP/3 when PINGs keep QUIC alive
  Duration idle_quic = std::chrono::seconds(30);
  Duration body_progress = std::chrono::seconds(30);   // without bytes of an awaited request body
  Duration write_progress = std::chrono::seconds(60);  // without response bytes leaving the process
  // How long to read on after the last response (h1: RFC 9112 §9.6), or after a stream's response.
  Duration linger = std::chrono::seconds(2);
  Duration drain = std::chrono::seconds(30);
  Duration retry_token = handshake_quic;                // QUIC: lifetime of a Retry token
  Duration new_token = std::chrono::hours(24);          // QUIC: lifetime of a NEW_TOKEN token
  Duration ticket_rotation = std::chrono::hours(12);    // age of the key that seals new tickets
  Duration ticket_lifetime = std::chrono::hours(24);    // of a session ticket
  Duration replay_window = std::chrono::seconds(30);    // an early ClientHello is remembered
  Duration certificate_look = std::chrono::seconds(1);  // between two checks of their files
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
