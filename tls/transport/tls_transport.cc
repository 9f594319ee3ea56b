#include "tls/transport/tls_transport.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/text.h"
#include "tls/context/describe.h"

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
  } else if (stream_->connected()) {
    speak_first();
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
  } else {
    std::ignore = flush();
  }
}

void TlsConnection::set_reading(bool on) {
  reading_ = on;
  steer_stream();
  if (on && !receiving_ && (bio_.has_input() || !early_received_.empty())) receive({});
}

void TlsConnection::receive(std::span<const std::byte> bytes) {
  if (state_ == State::silent) begin(bytes);
  if (state_ == State::closed || input_ended_) return;
  use_buffers();
  bio_.feed(bytes);
  receiving_ = true;
  if (is_handshaking()) shake_hands();
  if (state_ == State::open) deliver();
  receiving_ = false;
  if (state_ == State::closed) return;
  bio_.store_rest();
  // Tickets and replies to key updates: the observer does not know of them and may not flush.
  const bool could_write = failure_.has_value();
  const bool fails_now = !flush() && could_write;
  steer_stream();
  check_fin();
  if (fails_now && (state_ == State::open || state_ == State::early)) observer_->on_writable();
}

// The first byte is 22 for a handshake record (RFC 8446 §5.1), and a letter for the method of a
// plain HTTP request. OpenSSL sends an alert for anything else.
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
    early_open_ = false;  // OpenSSL ends it when it reads the server's first flight
  } else if (early_open_) {
    if (!read_early_data()) return;
  } else {
    deliver_early_data();
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
  if (was_early && is_client() && !resend_early_data(remembered)) return;
  if (!is_client()) messages_.watch(ssl_.get());
  if (!was_early) observer_->on_ready();
  if (state_ == State::open) observer_->on_handshake_done();
  if (state_ == State::open && was_shut) SSL_shutdown(ssl_.get());
}

bool TlsConnection::wants_input() const noexcept {
  return state_ == State::open && reading_ && !input_ended_ && tail_.size() <= kTailMax;
}

void TlsConnection::deliver() {
  deliver_early_data();
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
      case SSL_ERROR_WANT_READ:
        if (messages_.exceeded()) close(MessageLimit::kExceeded);
        return;
      case SSL_ERROR_ZERO_RETURN:
        input_ended_ = true;
        bio_.drop_input();  // RFC 8446 §6.1: what follows is ignored
        observer_->on_end();
        return;
      default: fail_with_alert(); return;
    }
  }
}

// A FIN without close_notify may be from an attacker: the data is truncated (RFC 8446 §6.1).
void TlsConnection::check_fin() {
  if (!fin_ || input_ended_ || bio_.has_input() || !early_received_.empty()) return;
  close({ErrorCode::closed, is_handshaking() ? "left during the TLS handshake"
                                             : "truncated: no close_notify before FIN"});
}

void TlsConnection::on_writable() {
  blocked_ = false;
  if (state_ == State::closed) return;
  std::ignore = flush();
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
  count_tail();
  early_received_ = {};
  early_sent_ = {};
  observer_->on_closed(why);
}

// Early data (RFC 8446 §2.3): what a client that resumes sends behind its ClientHello.

// Server: reads what the client sent before its Finished. True: the handshake can go on.
bool TlsConnection::read_early_data() {
  std::array<std::byte, RecordSize::kFull> plaintext;  // NOLINT(*-member-init): 16 KiB of zeros
  deliver_early_data();
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
    early_received_.insert(early_received_.end(), bytes.begin(), bytes.end());
    deliver_early_data();
  }
}

void TlsConnection::deliver_early_data() {
  if (!reading_ || early_received_.empty()) return;
  const auto bytes = std::exchange(early_received_, {});
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
  std::ignore = flush();
  observer_->on_ready();
  return true;
}

// Client: early data that the server has not accepted is sent again as ordinary data (RFC 8446
// §4.2.10), if the protocol is still the one that it was written for.
bool TlsConnection::resend_early_data(const std::string& remembered) {
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

namespace {

// What the records of one write() add to their plaintext: 34 records at most (25 small ones first),
// with 29 bytes in TLS 1.2 and 22 in 1.3, and a key update before them.
constexpr std::size_t kOverhead = 2048;
static_assert(TlsConnection::kTailMax <= RecordScratch::kCapacity);

}  // namespace

std::size_t TlsConnection::write_budget() const noexcept {
  const bool can = state_ == State::open || state_ == State::early;
  if (!can || shutdown_ || tail_.size() > kTailLow) return 0;
  if (state_ == State::early && is_client()) return early_open_ ? early_room_ : 0;
  const std::size_t room = kTailMax - kOverhead - tail_.size();
  return room - room % RecordSize::kFull;
}

Status TlsConnection::write(OutputQueue& queue, TimePoint now) {
  if (state_ == State::closed) return fail(ErrorCode::closed, "the TLS connection is closed");
  if (!failure_) return failure_;
  const std::size_t budget = write_budget();
  if (budget == 0 || queue.empty()) return {};
  use_buffers();
  auto& records = scratch_.bytes;
  assert(records.empty());
  records.insert(records.end(), tail_.begin(), tail_.end());
  bio_.set_output(records);
  const Status sealed = seal(queue, budget, now);
  bio_.set_output(tail_);
  const Status sent = send_scratch();
  return sealed ? sent : sealed;
}

// Encrypts up to `budget` bytes. Small slices are gathered into one record; what fills a record by
// itself begins one. The budget cuts none but the first short, unless it is that of early data.
Status TlsConnection::seal(OutputQueue& queue, std::size_t budget, TimePoint now) {
  std::array<std::byte, RecordSize::kFull> gathered;  // NOLINT(*-member-init): 16 KiB of zeros
  for (bool first = true; !queue.empty(); first = false) {
    const std::size_t whole = record_size_.next(now);
    if (budget < (first || state_ == State::early ? 1 : std::min(whole, queue.size()))) break;
    const std::size_t size = std::min({whole, budget, queue.size()});
    std::span<const std::byte> piece = queue.front();
    if (piece.size() < size) {
      const std::size_t large = whole == RecordSize::kFull ? whole : queue.size();
      piece = std::span(gathered).first(queue.peek(std::span(gathered).first(size), large));
    }
    ERR_clear_error();
    std::size_t taken = 0;
    if (seal_record(piece.first(std::min(piece.size(), size)), taken) != 1) {
      return fail(ErrorCode::internal, fault_of(ssl_.get()));
    }
    queue.consume(taken);
    record_size_.written(taken);
    budget -= taken;
  }
  return {};
}

Status TlsConnection::send_scratch() {
  auto& records = scratch_.bytes;
  const auto taken = offer(records);
  const std::span<const std::byte> left =
      std::span(records).subspan(taken.value_or(records.size()));
  if (left.empty()) {
    tail_ = {};  // an idle connection holds no memory here
  } else {
    tail_.assign(left.begin(), left.end());
  }
  count_tail();
  records.clear();
  if (!taken) return std::unexpected(taken.error());
  return {};
}

Status TlsConnection::flush() {
  const auto taken = tail_.empty() ? Result<std::size_t>(0) : offer(tail_);
  if (!failure_) tail_ = {};  // reading may make more records that nobody gets
  if (failure_ && !tail_.empty() && *taken < tail_.size()) {
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(*taken));
    count_tail();
    return {};
  }
  const bool sent = failure_ && !tail_.empty();
  tail_ = {};
  count_tail();
  if (!sent) return failure_;
  if (shutdown_ && state_ != State::early) stream_->shutdown_write();
  return {};
}

Result<std::size_t> TlsConnection::offer(std::span<const std::byte> bytes) {
  if (!failure_) return std::unexpected(failure_.error());
  if (blocked_) return 0;
  const iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const auto taken = stream_->write_some({&vector, 1});
  if (!taken) {
    failure_ = std::unexpected(taken.error());
    return taken;
  }
  sent_ += *taken;
  if (*taken < bytes.size()) blocked_ = true;
  return taken;
}

}  // namespace troika::tls
