#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "tls/context/fault.h"
#include "tls/transport/tls_connection.h"

// Early data (RFC 8446 §2.3): what a client that resumes sends behind its ClientHello.
namespace troika::tls {

// Server: what the client sent ahead of its Finished. True when the handshake can go on.
bool TlsConnection::read_early_data() {
  std::array<std::byte, RecordSize::kFull> plaintext;  // NOLINT(*-member-init): 16 KiB of zeros
  deliver_held();
  while (state_ != State::closed) {
    ERR_clear_error();
    std::size_t size = 0;
    switch (SSL_read_early_data(ssl_.get(), plaintext.data(), plaintext.size(), &size)) {
      case SSL_READ_EARLY_DATA_FINISH: early_open_ = false; return true;
      case SSL_READ_EARLY_DATA_SUCCESS: take_early_data(std::span(plaintext).first(size)); break;
      default:
        if (SSL_get_error(ssl_.get(), 0) != SSL_ERROR_WANT_READ) fail_with_alert();
        return false;
    }
  }
  return false;
}

void TlsConnection::take_early_data(std::span<const std::byte> bytes) {
  if (state_ == State::handshake) {
    security_ = describe(ssl_.get());
    security_.handshaking = true;
    state_ = State::early;
    observer_->on_ready();
  }
  if (state_ != State::closed && !bytes.empty()) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    deliver_held();
  }
}

void TlsConnection::deliver_held() {
  if (!reading_ || held_.empty()) return;
  const auto bytes = std::exchange(held_, {});
  observer_->on_bytes(bytes);
}

// Client: sends the ClientHello, and is ready when its session allows early data.
bool TlsConnection::begin_early_data() {
  const SSL_SESSION* session = SSL_get0_session(ssl_.get());
  const std::uint32_t most = session == nullptr ? 0 : SSL_SESSION_get_max_early_data(session);
  if (most == 0) return false;
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_early_data(ssl_.get(), "", 0, &written) != 1) {
    fail_with_alert();
    return true;
  }
  const unsigned char* name = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_alpn_selected(session, &name, &size);
  if (size > 0) security_.alpn.assign(reinterpret_cast<const char*>(name), size);
  if (const char* host = SSL_SESSION_get0_hostname(session)) security_.server_name = host;
  security_.handshaking = true;
  early_room_ = std::min<std::size_t>(most, kEarlyMost);
  early_open_ = true;
  state_ = State::early;
  if (const auto sent = flush(); !sent) {
    close(sent.error());
  } else {
    observer_->on_ready();
  }
  return true;
}

// Client: what the server has not taken goes again, as ordinary data (RFC 8446 §4.2.10). It was
// made for the protocol of before.
bool TlsConnection::settle_early_data(const std::string& remembered) {
  const auto sent = std::exchange(early_sent_, {});
  if (security_.early_data) return true;
  if (security_.alpn != remembered) {
    close({ErrorCode::protocol, "the server has changed its protocol since the session began"});
    return false;
  }
  ERR_clear_error();
  for (std::span<const std::byte> left = sent; !left.empty();) {
    std::size_t taken = 0;
    if (SSL_write_ex(ssl_.get(), left.data(), left.size(), &taken) != 1) {
      close({ErrorCode::internal, fault_of(ssl_.get())});
      return false;
    }
    left = left.subspan(taken);
  }
  return true;
}

int TlsConnection::seal_record(std::span<const std::byte> piece, std::size_t& taken) {
  if (state_ == State::open) {
    return SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &taken);
  }
  const int done = SSL_write_early_data(ssl_.get(), piece.data(), piece.size(), &taken);
  if (done == 1 && is_client()) {
    early_sent_.insert(early_sent_.end(), piece.begin(), piece.end());
    early_room_ -= piece.size();
  }
  return done;
}

}  // namespace troika::tls
