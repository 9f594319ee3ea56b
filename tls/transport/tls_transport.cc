#include "tls/transport/tls_transport.h"

#include <openssl/err.h>

#include <utility>

#include "tls/transport/tls_connection.h"

namespace troika::tls {

std::unique_ptr<Transport> make_tls_transport(std::unique_ptr<ByteStream> stream, SslPtr ssl,
                                              RecordScratch& scratch) {
  return std::make_unique<TlsConnection>(std::move(stream), std::move(ssl), scratch);
}

TlsConnection::TlsConnection(std::unique_ptr<ByteStream> stream, SslPtr ssl, RecordScratch& scratch)
    : stream_(std::move(stream)), scratch_(scratch), bio_(tail_), ssl_(std::move(ssl)) {
  security_.encrypted = true;
}

void TlsConnection::start(Transport::Observer& observer) {
  observer_ = &observer;
  stream_->start(*this);
  if (!ssl_ || !bio_.attach(ssl_.get())) {
    close({ErrorCode::unavailable, "no memory for a TLS connection"});
  } else if (!is_client()) {
    early_open_ = SSL_get_max_early_data(ssl_.get()) > 0;
  } else if (!begin_early_data()) {
    receive({});  // a client speaks first
  }
}

void TlsConnection::shutdown_write() {
  if (state_ == State::closed || shutdown_) return;
  shutdown_ = true;
  if (state_ == State::early) return;  // OpenSSL refuses a close_notify before the Finished
  ERR_clear_error();
  if (state_ == State::open) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  if (tail_.empty()) {
    stream_->shutdown_write();
  } else if (auto sent = flush(); !sent) {
    failure_ = std::move(sent);
  }
}

void TlsConnection::reset() {
  state_ = State::closed;
  bio_.drop_input();
  stream_->reset();
}

}  // namespace troika::tls
