#include <openssl/err.h>

#include <array>

#include "base/ascii.h"
#include "tls/context/fault.h"
#include "tls/transport/tls_connection.h"

namespace troika::tls {

void TlsConnection::set_reading(bool on) {
  reading_ = on;
  steer_stream();
  if (on && !receiving_ && (bio_.has_input() || !held_.empty())) receive({});
}

void TlsConnection::receive(std::span<const std::byte> bytes) {
  if (state_ == State::silent) begin(bytes);
  if (state_ == State::closed || input_ended_) return;
  bio_.feed(bytes);
  receiving_ = true;
  if (is_handshaking()) shake_hands();
  if (state_ == State::open) deliver();
  receiving_ = false;
  if (state_ == State::closed) return;
  bio_.keep();
  // Tickets and answers to key updates: the observer knows nothing of them and may not flush.
  if (const auto sent = flush(); !sent) {
    close(sent.error());
    return;
  }
  steer_stream();
  look_at_fin();
}

// The first byte tells what it is: 22 begins a handshake record (RFC 8446 §5.1), a letter the
// method of a plain request. OpenSSL makes alerts of all else.
void TlsConnection::begin(std::span<const std::byte> bytes) {
  if (!is_client() && bytes.empty()) return;
  state_ = State::handshake;
  if (is_client()) return;
  security_.handshaking = true;
  if (!ascii::is_alpha(static_cast<char>(bytes.front()))) return;
  if (observer_->on_plain_http(stream_, bytes)) state_ = State::closed;
}

void TlsConnection::shake_hands() {
  if (is_client()) {
    early_open_ = false;  // OpenSSL ends it with the first look at the server's answer
  } else if (early_open_) {
    if (!read_early_data()) return;
  } else {
    deliver_held();
    if (state_ == State::closed) return;
  }
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) {
    finish_handshake();
  } else if (SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) {
    fail_with_alert();
  }
}

void TlsConnection::finish_handshake() {
  const bool was_early = std::exchange(state_, State::open) == State::early;
  const bool was_shut = shutdown_;
  const std::string remembered = std::exchange(security_, describe(ssl_.get())).alpn;
  if (was_early && is_client() && !settle_early_data(remembered)) return;
  if (!was_early) observer_->on_ready();
  if (state_ == State::open) observer_->on_handshake_done();
  if (state_ == State::open && was_shut) SSL_shutdown(ssl_.get());
}

bool TlsConnection::wants_input() const noexcept {
  return state_ == State::open && reading_ && !input_ended_ && tail_.size() <= kTailMax;
}

void TlsConnection::deliver() {
  deliver_held();
  std::array<std::byte, RecordSize::kFull> plaintext;  // NOLINT(*-member-init): 16 KiB of zeros
  while (wants_input()) {
    ERR_clear_error();
    std::size_t size = 0;
    const int done = SSL_read_ex(ssl_.get(), plaintext.data(), plaintext.size(), &size);
    if (done == 1) {
      observer_->on_bytes(std::span(plaintext).first(size));
      continue;
    }
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ: return;
      case SSL_ERROR_ZERO_RETURN:
        input_ended_ = true;
        bio_.drop_input();  // RFC 8446 §6.1: what follows is ignored
        observer_->on_end();
        return;
      default: fail_with_alert(); return;
    }
  }
}

void TlsConnection::on_end() {
  fin_ = true;
  if (state_ != State::closed) look_at_fin();
}

// A FIN without close_notify may be an attacker's: it is not an end but a cut (RFC 8446 §6.1).
void TlsConnection::look_at_fin() {
  if (!fin_ || input_ended_ || bio_.has_input() || !held_.empty()) return;
  close({ErrorCode::closed, is_handshaking() ? "left during the TLS handshake"
                                             : "truncated: no close_notify before FIN"});
}

void TlsConnection::on_writable() {
  blocked_ = false;
  if (state_ == State::closed) return;
  if (const auto sent = flush(); !sent) {
    close(sent.error());
    return;
  }
  if (!tail_.empty()) return;
  steer_stream();
  if (reading_ && bio_.has_input()) receive({});
  if (state_ == State::open || state_ == State::early) observer_->on_writable();
}

void TlsConnection::steer_stream() {
  const bool on = (reading_ || is_handshaking()) && tail_.size() <= kTailMax;
  if (state_ == State::closed || on == stream_reading_) return;
  stream_reading_ = on;
  stream_->set_reading(on);
}

void TlsConnection::fail_with_alert() {
  const Error why{ErrorCode::protocol, fault_of(ssl_.get())};
  std::ignore = flush();      // OpenSSL has put the alert into the tail
  stream_->shutdown_write();  // and the peer gets it before the socket is closed
  close(why);
}

void TlsConnection::close(Error why) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  bio_.drop_input();
  tail_ = {};
  held_ = {};
  early_sent_ = {};
  observer_->on_closed(why);
}

}  // namespace troika::tls
