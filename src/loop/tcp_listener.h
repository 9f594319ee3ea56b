#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "base/time.h"
#include "loop/tcp_stream.h"

namespace troika {

// Accepts TCP connections. When descriptors, memory or epoll watches are used up it pauses for 100
// ms at a time; connections wait in the kernel meanwhile. An accepted connection that cannot be
// watched is dropped.
class TcpListener {
 public:
  struct Options {
    bool reuse_port = false;  // one member of a group of workers
    int backlog = 4096;       // the kernel limits it to net.core.somaxconn
  };
  // Neither callback may destroy the listener.
  using OnAccept = std::move_only_function<void(std::unique_ptr<TcpStream>)>;
  // `pauses` so far; called at most once a second, for a line in the log.
  using OnStarved = std::move_only_function<void(std::uint64_t pauses)>;

  // Binds and listens. Needs no loop, so that all sockets can be made before a worker starts. The
  // error is one sentence.
  static Checked<Fd> bind(const Address& address, Options options);

  // Throws as make_own_poll() does.
  TcpListener(Loop& loop, Fd socket, OnAccept on_accept, OnStarved on_starved = {});
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;
  ~TcpListener();

  // False: clients wait in the kernel's queue.
  void set_accepting(bool accepts);

  const Address& local() const noexcept { return local_; }
  std::uint64_t accepted() const noexcept { return accepted_; }
  std::uint64_t pauses() const noexcept { return pauses_; }

 private:
  static constexpr int kAcceptsPerWake = 64;

  void listen_again();
  void on_readable();
  void pause();

  Loop& loop_;
  Fd socket_;
  Handle<uv_poll_s> poll_;
  Timer resume_;
  Address local_;
  OnAccept on_accept_;
  OnStarved on_starved_;
  std::uint64_t accepted_ = 0, pauses_ = 0;
  TimePoint quiet_until_{};
  bool accepts_ = true;
};

}  // namespace troika
