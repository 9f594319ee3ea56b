#include "runtime/connection.h"

#include <algorithm>
#include <string_view>

#include "ports/transport.h"
#include "proto/h1/server_session.h"
#include "proto/h2/server_session.h"

namespace troika {
namespace {

// RFC 9113 §3.4: the start of HTTP/2 with prior knowledge.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// A client whose connection is reset reads no response: what it sent last is not used any more.
StreamTimes times_of(const Services& services) noexcept {
  const Timeouts& timeouts = services.timeouts;
  return {.opening = timeouts.handshake,
          .handshake = timeouts.handshake,
          .write_progress = services.snapshot->timeouts().write_progress,
          .linger = timeouts.linger,
          .last_input = timeouts.linger,
          .last_output = Duration::zero(),
          .least_rate = services.snapshot->timeouts().least_rate};
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, std::string alt_svc,
                       Services& services, TimerQueue& timers, Places& places,
                       ConnectionOwner& owner, Services* plain)
    : services_(services),
      plain_(plain),
      owner_(owner),
      place_(places, transport->remote(), *this),
      stream_(std::move(transport), times_of(services), services.limits.output_high, services.pool,
              timers, services.clock, *this, services.account) {
  peer_.alt_svc = std::move(alt_svc);
}

bool Connection::flush(TimePoint now) {
  const bool more = stream_.flush(now);
  const bool opening = stream_.state() <= StreamState::handshaking;
  place_.set(opening ? Use::opening : stream_.idle() ? Use::idle : Use::active);
  return more;
}

void Connection::retire() {
  if (!peer_.alt_svc.empty()) peer_.alt_svc = "clear";  // RFC 7838 §3
  drain();
}

// Until the flush has looked, what has just arrived may be a request.
void Connection::on_dirty() noexcept {
  if (place_.use() == Use::idle) place_.set(Use::active);
  owner_.on_dirty(*this);
}

void Connection::know_peer() {
  peer_.remote = stream_.transport().remote();
  peer_.local = stream_.transport().local();
  peer_.security = stream_.transport().security();
}

std::unique_ptr<ByteSession> Connection::make_session(SessionHost& host,
                                                      std::span<const std::byte> first,
                                                      bool ended) {
  know_peer();
  bool h2 = peer_.security.alpn == "h2";
  if (!peer_.security.encrypted) {
    if (first.empty()) return nullptr;
    const std::string_view text(reinterpret_cast<const char*>(first.data()),
                                std::min(first.size(), kPreface.size()));
    const bool preface = kPreface.starts_with(text);
    h2 = preface && text.size() == kPreface.size();
    if (preface && !h2 && !ended) return nullptr;
  }
  return h2 ? h2::make_session(services_, peer_, host) : h1::make_session(services_, peer_, host);
}

std::unique_ptr<ByteSession> Connection::make_plain_session(SessionHost& host) {
  if (plain_ == nullptr) return nullptr;
  owner_.on_handshake_failed(stream_.transport().remote(), "a plain HTTP request on a TLS port");
  know_peer();
  peer_.security = {};
  peer_.alt_svc.clear();
  return h1::make_session(*plain_, peer_, host);
}

// A client that has sent nothing (a port scanner, a browser's spare connection) has not failed.
void Connection::on_closed(StreamState, const std::optional<Error>& lost) noexcept {
  const Transport& transport = stream_.transport();
  if (lost && transport.security().handshaking) {
    owner_.on_handshake_failed(transport.remote(), lost->detail);
  }
  owner_.on_done(*this);
}

}  // namespace troika
