#include "loop/tcp_listener.h"

#include <uv.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "os/bind.h"

namespace troika {

Checked<Fd> TcpListener::bind(const Address& address, Options options) {
  auto fd = make_socket(SocketKind::tcp, address);
  if (!fd) return fd;
  const int on = 1;
  if (options.reuse_port) setsockopt(fd->get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  TcpStream::set_options(fd->get());
  if (auto bound = bind_socket(fd->get(), SocketKind::tcp, address); !bound) {
    return std::unexpected(std::move(bound).error());
  }
  if (::listen(fd->get(), options.backlog) != 0) {
    return std::unexpected(
        formatted("listening on {} failed: {}", address.text(), std::strerror(errno)));
  }
  return fd;
}

TcpListener::TcpListener(Loop& loop, Fd socket, OnAccept on_accept, OnStarved on_starved)
    : loop_(loop),
      socket_(std::move(socket)),
      poll_(make_own_poll(loop, socket_.get(), this)),
      resume_(loop.timers(), [this] { listen_again(); }),
      local_(bound_address(socket_.get())),
      on_accept_(std::move(on_accept)),
      on_starved_(std::move(on_starved)) {
  listen_again();
}

TcpListener::~TcpListener() { poll_.reset(); }

void TcpListener::set_accepting(bool accepts) {
  if (accepts == std::exchange(accepts_, accepts)) return;
  if (accepts) return listen_again();
  must(uv_poll_stop(poll_.get()));
}

void TcpListener::listen_again() {
  if (!accepts_) return;
  must(uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int status, int) noexcept {
    auto& self = *static_cast<TcpListener*>(handle->data);
    status < 0 ? self.pause() : self.on_readable();
  }));
}

void TcpListener::on_readable() {
  for (int i = 0; i < kAcceptsPerWake && accepts_; ++i) {
    Address remote;
    socklen_t size = Address::capacity();
    Fd fd(::accept4(socket_.get(), remote.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      auto stream = TcpStream::make(loop_, std::move(fd), remote);
      if (!stream) return pause();
      ++accepted_;
      on_accept_(std::move(*stream));
      continue;
    }
    switch (errno) {
      case EAGAIN: return;
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case ENOBUFS: return pause();
      default: break;  // the connection failed before it was accepted: accept(2), "Error handling"
    }
  }
}

// Polling stops for a while: without descriptors the clients stay in the kernel's queue, and
// level-triggered polling would spin.
void TcpListener::pause() {
  must(uv_poll_stop(poll_.get()));
  const TimePoint now = loop_.clock().now();
  resume_.set(now + std::chrono::milliseconds(100));
  ++pauses_;
  if (on_starved_ && now >= quiet_until_) {
    quiet_until_ = now + std::chrono::seconds(1);
    on_starved_(pauses_);
  }
}

}  // namespace troika
