#include "loop/udp_socket.h"

#include <netinet/udp.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "os/bind.h"
#include "os/udp_cmsg.h"

namespace troika {
namespace {

constexpr std::size_t kBatch = 16;            // messages per recvmmsg
constexpr std::size_t kMessageBytes = 65536;  // the most that GRO combines
constexpr std::size_t kMaxSegments = 64;      // the kernel's UDP_MAX_SEGMENTS
constexpr std::size_t kMaxPayload = 65507;    // of an IPv4 datagram, and so of a GSO burst

int buffer_size(int fd, int option) noexcept {
  int size = 0;
  socklen_t length = sizeof size;
  getsockopt(fd, SOL_SOCKET, option, &size, &length);
  return size / 2;  // the kernel doubles the requested size, for its own bookkeeping
}

void set(int fd, int level, int option, int value) noexcept {
  setsockopt(fd, level, option, &value, sizeof value);
}

std::size_t segments_in(std::size_t bytes, std::size_t segment) noexcept {
  return segment == 0 || segment >= bytes ? 1 : (bytes + segment - 1) / segment;
}

// Returns 0 when the kernel accepted it, else errno.
int send_once(int fd, const Datagram& datagram, std::span<const std::byte> bytes,
              std::size_t segment) noexcept {
  iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(datagram.remote.get());
  message.msg_namelen = datagram.remote.size();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  UdpControlBuffer control;
  write_control(message, control, {datagram.local, datagram.ecn, segment});
  while (::sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace

struct UdpSocket::Batch {
  struct Message {
    Address remote;
    UdpControlBuffer control;
    iovec part;
  };
  std::array<mmsghdr, kBatch> headers{};
  std::array<Message, kBatch> messages;
  std::unique_ptr<std::byte[]> memory =
      std::make_unique_for_overwrite<std::byte[]>(kBatch * kMessageBytes);

  // The kernel writes lengths into the headers, so they are set up again for each call.
  void prepare(std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      Message& message = messages[i];
      message.part = {.iov_base = memory.get() + i * kMessageBytes, .iov_len = kMessageBytes};
      headers[i].msg_hdr = {.msg_name = message.remote.get(),
                            .msg_namelen = Address::capacity(),
                            .msg_iov = &message.part,
                            .msg_iovlen = 1,
                            .msg_control = message.control.bytes.data(),
                            .msg_controllen = message.control.bytes.size(),
                            .msg_flags = 0};
    }
  }
};

Checked<Fd> UdpSocket::bind(const Address& address, Options options) {
  auto made = make_socket(SocketKind::udp, address);
  if (!made) return made;
  const int fd = made->get();
  if (options.reuse_port) set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  set(fd, SOL_SOCKET, SO_RCVBUF, options.buffer_bytes);
  set(fd, SOL_SOCKET, SO_SNDBUF, options.buffer_bytes);
  set(fd, IPPROTO_UDP, UDP_GRO, 1);
  // PROBE: never fragment, and let QUIC find the path's MTU itself (RFC 9000 §14).
  if (address.family() == AF_INET6) {
    set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  } else {
    set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  }
  if (auto bound = bind_socket(fd, SocketKind::udp, address); !bound) {
    return std::unexpected(std::move(bound).error());
  }
  return made;
}

UdpSocket::UdpSocket(Loop& loop, Fd socket, OnDatagram on_datagram, OnWritable on_writable,
                     std::size_t per_wake)
    : loop_(loop),
      socket_(std::move(socket)),
      poll_(make_own_poll(loop, socket_.get(), this)),
      local_(bound_address(socket_.get())),
      on_datagram_(std::move(on_datagram)),
      on_writable_(std::move(on_writable)),
      per_wake_(per_wake),
      batch_(std::make_unique<Batch>()),
      receive_buffer_(buffer_size(socket_.get(), SO_RCVBUF)),
      send_buffer_(buffer_size(socket_.get(), SO_SNDBUF)) {
  poll();
}

UdpSocket::~UdpSocket() { poll_.reset(); }

void UdpSocket::poll() {
  const int events = UV_READABLE | (blocked_ ? UV_WRITABLE : 0);
  must(uv_poll_start(poll_.get(), events, [](uv_poll_t* handle, int status, int happened) noexcept {
    static_cast<UdpSocket*>(handle->data)->on_poll(status, happened);
  }));
}

void UdpSocket::on_poll(int status, int events) {
  if (status < 0) {
    // An error that the network reported for some datagram: reading it clears it.
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return poll();  // libuv has stopped the handle
  }
  if ((events & UV_READABLE) != 0) receive();
  if ((events & UV_WRITABLE) != 0 && blocked_) {
    blocked_ = false;
    poll();
    on_writable_();
  }
}

void UdpSocket::receive() {
  for (std::size_t taken = 0; taken < per_wake_;) {
    const std::size_t count = std::min(kBatch, per_wake_ - taken);
    batch_->prepare(count);
    const int n = ::recvmmsg(socket_.get(), batch_->headers.data(), static_cast<unsigned>(count),
                             MSG_DONTWAIT, nullptr);
    if (n <= 0) return;
    const TimePoint now = loop_.clock().now();
    const auto got = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < got; ++i) taken += deliver(i, now);
    if (got < count) return;  // the kernel had no more
  }
}

// Returns how many datagrams the message held.
std::size_t UdpSocket::deliver(std::size_t i, TimePoint now) {
  const mmsghdr& header = batch_->headers[i];
  const UdpControl control = read_control(header.msg_hdr);
  Datagram datagram{.local = control.local.family() == AF_UNSPEC ? local_ : control.local,
                    .remote = batch_->messages[i].remote,
                    .ecn = control.ecn,
                    .bytes = {batch_->memory.get() + i * kMessageBytes, header.msg_len},
                    .segment_bytes = control.segment_bytes};
  datagram.local.set_port(local_.port());
  const std::size_t segments = segments_in(header.msg_len, control.segment_bytes);
  counters_.received += segments;
  // Nothing can be sent to port 0, so datagrams from it are ignored.
  if (datagram.remote.port() != 0 && !datagram.bytes.empty()) on_datagram_(datagram, now);
  return segments;
}

SendOutcome UdpSocket::send(const Datagram& datagram) {
  if (blocked_) return SendOutcome::blocked;
  const std::size_t size = datagram.bytes.size();
  const std::size_t segments = segments_in(size, datagram.segment_bytes);
  if (segments > 1 && (!gso_ || segments > kMaxSegments || size > kMaxPayload)) {
    return send_segments(datagram);
  }
  const std::size_t segment = segments > 1 ? datagram.segment_bytes : 0;
  const int error = send_once(socket_.get(), datagram, datagram.bytes, segment);
  if (error == EAGAIN) return block();
  if (error == 0) {
    counters_.sent += segments;
  } else if (segments > 1 && (error == EIO || error == EINVAL)) {
    const std::uint64_t before = counters_.sent;
    const SendOutcome outcome = send_segments(datagram);
    // EIO: a driver without checksum offload. EINVAL is ambiguous: GSO was the reason only if the
    // same bytes can be sent without it.
    if (error == EIO || counters_.sent != before) gso_ = false;
    return outcome;
  } else {
    ++counters_.lost;  // loss detection (RFC 9002) notices: one datagram's error ends no connection
  }
  return SendOutcome::sent;
}

SendOutcome UdpSocket::send_segments(const Datagram& datagram) {
  const auto bytes = datagram.bytes;
  const bool again = partial_.data == bytes.data() && partial_.size == bytes.size();
  std::size_t offset = again ? partial_.sent : 0;
  partial_ = {};
  while (offset < bytes.size()) {
    const std::size_t count = std::min(datagram.segment_bytes, bytes.size() - offset);
    const int error = send_once(socket_.get(), datagram, bytes.subspan(offset, count), 0);
    if (error == EAGAIN) {
      partial_ = {.data = bytes.data(), .size = bytes.size(), .sent = offset};
      return block();
    }
    if (error != 0) {
      ++counters_.lost;
      return SendOutcome::sent;
    }
    ++counters_.sent;
    offset += count;
  }
  return SendOutcome::sent;
}

SendOutcome UdpSocket::block() {
  blocked_ = true;
  ++counters_.blocked;
  poll();
  return SendOutcome::blocked;
}

UdpSockets::UdpSockets(Loop& loop, std::vector<Fd> sockets, UdpSocket::OnDatagram on_datagram,
                       UdpSocket::OnWritable on_writable, std::size_t per_wake)
    : loop_(loop),
      per_wake_(per_wake),
      on_datagram_(std::move(on_datagram)),
      on_writable_(std::move(on_writable)) {
  for (Fd& socket : sockets) add(std::move(socket));
}

void UdpSockets::add(Fd socket) {
  sockets_.push_back(std::make_unique<UdpSocket>(
      loop_, std::move(socket),
      [this](const Datagram& datagram, TimePoint now) { on_datagram_(datagram, now); },
      [this] { on_writable_(); }, per_wake_));
}

void UdpSockets::remove(const Address& address) {
  std::erase_if(sockets_, [&](const auto& socket) { return socket->local() == address; });
  on_writable_();
}

// As the kernel chooses the receiver: an exact address takes precedence over a wildcard.
UdpSocket* UdpSockets::owner_of(const Address& local) const noexcept {
  const auto exact =
      std::ranges::find_if(sockets_, [&](const auto& s) { return s->local() == local; });
  if (exact != sockets_.end()) return exact->get();
  const auto covers =
      std::ranges::find_if(sockets_, [&](const auto& s) { return s->local().covers(local); });
  return covers == sockets_.end() ? nullptr : covers->get();
}

SendOutcome UdpSockets::send(const Datagram& datagram) {
  UdpSocket* const socket = owner_of(datagram.local);
  return socket == nullptr ? SendOutcome::sent : socket->send(datagram);
}

}  // namespace troika
