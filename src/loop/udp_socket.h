#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "ports/datagram.h"

namespace troika {

inline constexpr std::size_t kDatagramsPerWake = 64;

// A bound UDP socket with what QUIC needs and uv_udp_t lacks: ECN and the local address both ways,
// many datagrams a system call (GRO, GSO, recvmmsg), path MTU probes, and EAGAIN told to the
// sender.
class UdpSocket final : public DatagramSink {
 public:
  struct Options {
    bool reuse_port = false;     // one member of a group: see steer_by_connection_id()
    int buffer_bytes = 4 << 20;  // requested; see receive_buffer()
  };
  // `now` is read once for each batch. A datagram's bytes are valid during the call only.
  using OnDatagram = std::move_only_function<void(const Datagram& datagram, TimePoint now)>;
  using OnWritable = std::move_only_function<void()>;

  struct Counters {
    std::uint64_t received = 0;  // datagrams, each GRO segment counted
    std::uint64_t sent = 0;      // datagrams, each GSO segment counted
    std::uint64_t lost =
        0;  // send() calls that the kernel refused for good: all of their datagrams
    std::uint64_t blocked = 0;
  };

  // Sets all options and binds. Needs no loop, so that all sockets can be made, in the order of the
  // workers, before one of them starts. The error is one sentence.
  static Checked<Fd> bind(const Address& address, Options options);

  // `per_wake`: datagrams to receive before other sockets get their turn. Checked between batches
  // of at most 16 GRO buffers.
  UdpSocket(Loop& loop, Fd socket, OnDatagram on_datagram, OnWritable on_writable,
            std::size_t per_wake = kDatagramsPerWake);
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  // With an unspecified `local` the kernel chooses. After `blocked` on_writable follows.
  SendOutcome send(const Datagram& datagram) override;

  const Address& local() const noexcept { return local_; }
  // Buffer sizes in bytes that the kernel granted: below 2 MiB HTTP/3 is slow.
  int receive_buffer() const noexcept { return receive_buffer_; }
  int send_buffer() const noexcept { return send_buffer_; }
  bool gso() const noexcept { return gso_; }
  void disable_gso() noexcept { gso_ = false; }
  const Counters& counters() const noexcept { return counters_; }

 private:
  struct Batch;  // the buffers of one recvmmsg
  // A burst whose first bytes were sent without GSO before the kernel's buffer was full. The sender
  // retries with the same burst; resuming where it stopped spares the peer duplicates.
  struct Partial {
    const std::byte* data = nullptr;
    std::size_t size = 0, sent = 0;
  };

  void poll();
  void on_poll(int status, int events);
  void receive();
  std::size_t deliver(std::size_t i, TimePoint now);
  SendOutcome block();
  SendOutcome send_segments(const Datagram& datagram);

  Loop& loop_;
  Fd socket_;
  Handle<uv_poll_s> poll_;
  Address local_;
  OnDatagram on_datagram_;
  OnWritable on_writable_;
  std::size_t per_wake_;
  std::unique_ptr<Batch> batch_;
  Partial partial_;
  int receive_buffer_ = 0, send_buffer_ = 0;
  bool gso_ = true;
  bool blocked_ = false;
  Counters counters_;
};

// Several bound UDP sockets as one: datagrams received by any of them go to one receiver, and a
// datagram is sent through the socket of its local address.
class UdpSockets final : public DatagramSink {
 public:
  // `on_datagram`, `on_writable`, `per_wake`: as those of UdpSocket, for each socket.
  UdpSockets(Loop& loop, std::vector<Fd> sockets, UdpSocket::OnDatagram on_datagram,
             UdpSocket::OnWritable on_writable, std::size_t per_wake = kDatagramsPerWake);
  UdpSockets(const UdpSockets&) = delete;
  UdpSockets& operator=(const UdpSockets&) = delete;
  ~UdpSockets() = default;

  void add(Fd socket);
  // `address` as it is bound. A sender that waits for it is told to go on.
  void remove(const Address& address);

  // A datagram whose local address belongs to no socket is lost, as without a route. After
  // `blocked` the sender retries with the same datagram before it sends anything else: so at most
  // one socket is waited for, and on_writable is about that one.
  SendOutcome send(const Datagram& datagram) override;

 private:
  UdpSocket* owner_of(const Address& local) const noexcept;

  Loop& loop_;
  const std::size_t per_wake_;
  UdpSocket::OnDatagram on_datagram_;
  UdpSocket::OnWritable on_writable_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
};

}  // namespace troika
