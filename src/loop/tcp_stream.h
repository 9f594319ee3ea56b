#pragma once
#include <memory>

#include "loop/loop.h"
#include "os/fd.h"
#include "ports/transport.h"

namespace troika {

// A TCP connection, in either direction. A reset is told at once, even while reading is off; but
// our side of a connection that we made reads first what came before the reset: it may be a
// response.
class TcpStream final : public ByteStream {
 public:
  // Of the socket: a peer has connected to us, or we are connecting to it or have.
  enum class State : std::uint8_t { accepted, connecting, connected };
  // Fails as make_poll() does; the socket is closed then.
  static Result<std::unique_ptr<TcpStream>> make(Loop& loop, Fd socket, const Address& remote,
                                                 State state = State::accepted);
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;
  ~TcpStream() override;

  // Begins to connect. The observer learns the result: on_closed when it fails, on_connected when
  // it succeeds, and then on_writable if write_some was called before.
  static Result<std::unique_ptr<TcpStream>> connect(Loop& loop, const Address& remote);
  // Sets the options of every connection; an accepted socket inherits them from its listener.
  static void set_options(int fd) noexcept;

  void start(Observer& observer) override;
  bool connected() const noexcept override { return state_ != State::connecting; }
  void set_reading(bool on) override;
  Result<std::size_t> write_some(std::span<const iovec> bytes) override;
  void shutdown_write() override;
  void reset() override { reset_ = true; }
  const Address& local() const noexcept override { return local_; }
  const Address& remote() const noexcept override { return remote_; }

 private:
  // Reads of one connection before the others get their turn.
  static constexpr int kReadsPerWake = 4;

  TcpStream(Loop& loop, Fd socket, Handle<uv_poll_s> poll, const Address& remote, State state);

  void on_poll(int status, int events);
  void finish_connect();
  void read_some();
  void end_input();
  bool keeps_unread() const noexcept;
  void fail_with(int error);
  void want(int events);
  int wanted() const noexcept;

  Loop& loop_;
  Fd socket_;
  Handle<uv_poll_s> poll_;
  Address local_, remote_;
  Observer* observer_ = nullptr;
  int armed_ = 0;  // events that the poll handle watches now
  // The error that a call has taken off the socket, 0 for none. Nothing is written after it; it is
  // told when what came before it has been read.
  int error_ = 0;
  State state_;
  bool reading_ = false;
  bool ended_ = false;    // FIN was received
  bool blocked_ = false;  // owes an on_writable
  bool dead_ = false;
  bool reset_ = false;
  bool shut_ = false;         // shutdown_write while connecting
  bool watch_errors_ = true;  // see wanted()
};

}  // namespace troika
