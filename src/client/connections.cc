#include "client/connections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "os/bind.h"
#include "proto/h1/client_session.h"
#include "proto/h2/client_session.h"
#include "tls/tickets/resumption.h"

namespace troika::client {

namespace {

// After a reset: for bytes that are here already.
constexpr Duration kLastInput = std::chrono::seconds(2);

// The session ends the connection itself; who uses a response decides how long it may take.
StreamTimes times_of(const ConnectTimes& times) noexcept {
  return {.opening = times.connect,
          .handshake = times.tls,
          .write_progress = kUnlimited,
          .linger = Duration::zero(),
          .last_input = kLastInput,
          .last_output = kLastInput};
}

}  // namespace

TcpConnection::TcpConnection(std::unique_ptr<Transport> transport, const SSL* ssl,
                             bool h2_without_tls, const CallServices& services, TimerQueue& timers,
                             const ConnectTimes& times)
    : ssl_(ssl),
      services_(services),
      h2_without_tls_(h2_without_tls),
      stream_(std::move(transport), times_of(times), services.limits.output_high, services.pool,
              timers, services.clock, *this) {
  stream_.start();
}

std::unique_ptr<ByteSession> TcpConnection::make_session(SessionHost& host,
                                                         std::span<const std::byte>, bool) {
  const bool h2 = security().encrypted ? security().alpn == "h2" : h2_without_tls_;
  auto session =
      h2 ? h2::make_client_session(services_, host) : h1::make_client_session(services_, host);
  session_ = session.get();
  return session;
}

std::vector<std::byte> TcpConnection::resumption() const {
  if (ssl_ == nullptr) return {};
  const auto bytes = tls::resumption_of(ssl_);
  return {bytes.begin(), bytes.end()};
}

void TcpConnection::on_closed(StreamState at, const std::optional<Error>& lost) noexcept {
  closed_at_ = at;
  if (lost) reason_ = *lost;
}

bool TcpConnection::flush(TimePoint now) {
  dirty_ = false;
  const bool more = stream_.flush(now);
  return more || dirty_;
}

namespace {

// The address that the kernel would send from. QUIC knows a path by both of its ends, so the local
// one must be a real one from the start.
Checked<Address> local_towards(const Address& remote) {
  auto probe = make_socket(SocketKind::udp, remote);
  if (!probe) return std::unexpected(probe.error());
  if (connect(probe->get(), remote.get(), remote.size()) != 0) {
    return std::unexpected(formatted("no way to {}: {}", remote.text(), std::strerror(errno)));
  }
  Address local = bound_address(probe->get());
  local.set_port(0);
  return local;
}

}  // namespace

Checked<std::unique_ptr<QuicConnection>> QuicConnection::open(
    Loop& loop, const CallServices& services, Random& random, const tls::ClientContext& tls,
    const Address& remote, const quic::ClientConfig& config) {
  const auto local = local_towards(remote);
  if (!local) return std::unexpected(local.error());
  std::unique_ptr<QuicConnection> connection(new QuicConnection(loop));
  QuicConnection* const self = connection.get();
  if (const auto added = self->add_socket(*local); !added) return std::unexpected(added.error());
  auto made = quic::ClientConnection::make(
      config, self->socket().local(), remote, loop.clock(), random, *self, tls,
      {h3::traits(services.limits), [self, &services](quic::QuicStreams& streams) {
         auto application = h3::make_client_session(services, streams);
         self->streams_ = &streams;
         self->h3_ = application.get();
         return application;
       }});
  if (!made) return std::unexpected(std::string(made.error().detail));
  connection->quic_ = std::move(*made);
  return connection;
}

Checked<void> QuicConnection::add_socket(const Address& local) {
  auto fd = UdpSocket::bind(local, {});
  if (!fd) return std::unexpected(fd.error());
  sockets_.push_back(std::make_unique<UdpSocket>(
      loop_, std::move(*fd),
      [this](const Datagram& datagram, TimePoint now) { quic_->receive(datagram, now); },
      [this] { quic_->on_writable(); }));
  return {};
}

// The old path stays in use until the new one is validated, so its socket is kept.
bool QuicConnection::move() {
  Address local = socket().local();
  local.set_port(0);
  if (!add_socket(local)) return false;
  if (quic_->move_to(socket().local(), loop_.clock().now())) return true;
  sockets_.pop_back();
  return false;
}

SendOutcome QuicConnection::send(const Datagram& datagram) {
  const auto from = std::ranges::find_if(
      sockets_, [&](const auto& socket) { return socket->local() == datagram.local; });
  return (from != sockets_.end() ? **from : socket()).send(datagram);
}

QuicConnection::~QuicConnection() { close(); }

bool QuicConnection::ready() const noexcept { return quic_->ready(); }

bool QuicConnection::closed() const noexcept {
  return quic_->state() == quic::ClientConnection::State::closed;
}

void QuicConnection::close() {
  if (quic_ == nullptr || closed()) return;  // null: open() failed half-way
  quic_->close(h3::kNoError, loop_.clock().now());
  std::ignore = quic_->flush(loop_.clock().now());
}

bool QuicConnection::flush(TimePoint now) {
  const bool more = quic_->flush(now);
  timer_.set(quic_->deadline());
  return more;
}

}  // namespace troika::client
