#include "loop/tcp_stream.h"

#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "os/bind.h"

namespace troika {
namespace {

Error error_of(int error) noexcept {
  switch (error) {
    case ECONNRESET:
    case EPIPE: return {ErrorCode::closed, "reset by the peer"};
    case ECONNREFUSED: return {ErrorCode::closed, "connection refused"};
    case ETIMEDOUT: return {ErrorCode::timeout, "the peer does not answer"};
    case EHOSTUNREACH:
    case ENETUNREACH: return {ErrorCode::closed, "no way to the peer"};
    default: return {ErrorCode::io, "the socket failed"};
  }
}

int pending_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

// An error of the machine (ENOMEM, ENOBUFS) leaves a socket connected, and nothing would ever
// happen to it again. The kernel then sends RST, and reports an error here. A socket that has
// failed is left alone: it may still have bytes to read.
void abort_connected(int fd) noexcept {
  Address peer;
  socklen_t size = Address::capacity();
  if (::getpeername(fd, peer.get(), &size) != 0) return;
  const sockaddr none{.sa_family = AF_UNSPEC, .sa_data = {}};
  static_cast<void>(::connect(fd, &none, sizeof none) == 0);
}

}  // namespace

Result<std::unique_ptr<TcpStream>> TcpStream::make(Loop& loop, Fd socket, const Address& remote,
                                                   State state) {
  auto poll = make_poll(loop, socket.get());
  if (!poll) return std::unexpected(poll.error());
  return std::unique_ptr<TcpStream>(
      new TcpStream(loop, std::move(socket), std::move(*poll), remote, state));
}

TcpStream::TcpStream(Loop& loop, Fd socket, Handle<uv_poll_s> poll, const Address& remote,
                     State state)
    : loop_(loop),
      socket_(std::move(socket)),
      poll_(std::move(poll)),
      local_(bound_address(socket_.get())),
      remote_(remote),
      state_(state) {
  poll_->data = this;
}

TcpStream::~TcpStream() {
  poll_.reset();  // before the descriptor is closed, or epoll loses track of it
  if (reset_) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
}

Result<std::unique_ptr<TcpStream>> TcpStream::connect(Loop& loop, const Address& remote) {
  auto socket = make_socket(SocketKind::tcp, remote);
  if (!socket) return fail(ErrorCode::unavailable, "no socket could be had");
  set_options(socket->get());
  State state = State::connected;
  if (::connect(socket->get(), remote.get(), remote.size()) != 0) {
    if (errno != EINPROGRESS) return std::unexpected(error_of(errno));
    state = State::connecting;
  }
  return make(loop, std::move(*socket), remote, state);
}

void TcpStream::set_options(int fd) noexcept {
  const int on = 1;
  // Limits the kernel's unsent bytes, so that a late choice of what to send next still matters.
  const int unsent = 128 << 10;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

void TcpStream::start(Observer& observer) {
  observer_ = &observer;
  reading_ = true;
  want(wanted());
}

void TcpStream::set_reading(bool on) {
  reading_ = on;
  // Turning it off costs a system call only if data arrives: see on_poll.
  if (on) want(armed_ | wanted());
}

// A reset must be noticed even when neither reading nor writing is awaited. epoll reports errors on
// every descriptor that it watches; urgent data is the one event that honest peers do not send and
// that does not stay set after FIN.
int TcpStream::wanted() const noexcept {
  if (dead_ || observer_ == nullptr) return 0;
  if (!connected()) return UV_WRITABLE;
  int events = 0;
  if (reading_ && !ended_) events |= UV_READABLE;
  if (blocked_) events |= UV_WRITABLE;
  if (events == 0 && watch_errors_) events = UV_PRIORITIZED;
  return events;
}

void TcpStream::want(int events) {
  if (events == armed_) return;
  armed_ = events;
  if (events == 0) {
    must(uv_poll_stop(poll_.get()));
    return;
  }
  must(uv_poll_start(poll_.get(), events, [](uv_poll_t* handle, int status, int happened) noexcept {
    static_cast<TcpStream*>(handle->data)->on_poll(status, happened);
  }));
}

void TcpStream::on_poll(int status, int events) {
  if (status < 0) armed_ = 0;  // libuv has stopped the handle
  if (!connected()) {
    finish_connect();
  } else if (status < 0) {
    if (reading_ && !ended_) {
      read_some();  // the bytes that came before the error, and then the error
    } else if (keeps_unread()) {
      watch_errors_ = false;
    } else if (const int error = pending_error(socket_.get()); error != 0) {
      fail_with(error);
    }
  } else {
    if ((events & UV_PRIORITIZED) != 0) {
      watch_errors_ = false;
      if (error_ != 0 && !keeps_unread()) fail_with(error_);
    }
    if ((events & UV_WRITABLE) != 0 && blocked_) {
      blocked_ = false;
      observer_->on_writable();
    }
    if ((events & UV_READABLE) != 0 && reading_ && !ended_ && !dead_) read_some();
  }
  want(wanted());
}

void TcpStream::finish_connect() {
  if (const int error = pending_error(socket_.get()); error != 0) return fail_with(error);
  state_ = State::connected;
  observer_->on_connected();
  if (shut_) ::shutdown(socket_.get(), SHUT_WR);
  if (std::exchange(blocked_, false)) observer_->on_writable();
}

void TcpStream::read_some() {
  const auto space = loop_.scratch();
  for (int i = 0; i < kReadsPerWake && reading_ && !dead_; ++i) {
    const auto n = ::recv(socket_.get(), space.data(), space.size(), 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      if (error_ == 0) error_ = errno;
    }
    if (n <= 0) {
      // In a wake of its own: the observer first acts on the bytes before it, in its flush.
      if (i == 0) end_input();
      return;
    }
    const auto count = static_cast<std::size_t>(n);
    observer_->on_bytes(space.first(count));
    if (count < space.size()) return;  // the kernel had no more
  }
}

// recv() reports an end also after an error that a call has taken off the socket. EPIPE alone says
// that the peer had sent FIN before the reset.
void TcpStream::end_input() {
  if (error_ != 0 && error_ != EPIPE) return fail_with(error_);
  ended_ = true;
  observer_->on_end();
}

bool TcpStream::keeps_unread() const noexcept {
  int bytes = 0;
  return state_ == State::connected && !ended_ && ::ioctl(socket_.get(), FIONREAD, &bytes) == 0 &&
         bytes > 0;
}

Result<std::size_t> TcpStream::write_some(std::span<const iovec> bytes) {
  if (dead_ || error_ != 0) return fail(ErrorCode::closed, "the connection is closed");
  std::size_t size = 0;
  for (const iovec& part : bytes) size += part.iov_len;
  std::size_t sent = 0;
  while (sent == 0 && size > 0 && connected()) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(bytes.data());
    message.msg_iovlen = std::min<std::size_t>(bytes.size(), IOV_MAX);
    const auto n = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (n >= 0) {
      sent = static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      error_ = errno;
      blocked_ = false;
      abort_connected(socket_.get());
      want(wanted());
      return std::unexpected(error_of(error_));
    }
  }
  if (sent < size) {
    blocked_ = true;
    want(armed_ | wanted());
  }
  return sent;
}

void TcpStream::shutdown_write() {
  shut_ = true;
  if (connected()) ::shutdown(socket_.get(), SHUT_WR);
}

void TcpStream::fail_with(int error) {
  dead_ = true;
  want(0);
  observer_->on_closed(error_of(error));
}

}  // namespace troika
