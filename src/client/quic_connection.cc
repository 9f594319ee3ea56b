#include "client/quic_connection.h"

#include <cerrno>
#include <cstring>
#include <format>

#include "uv/bind.h"

namespace troika::client {
namespace {

constexpr quic::AppError kNoError = 0x100;  // H3_NO_ERROR, RFC 9114 §8.1

// The address that the kernel would send from. QUIC knows a path by both of its ends, so the local
// one must be a real one from the start.
Checked<Address> local_towards(const Address& remote) {
  auto probe = make_socket(SocketKind::udp, remote);
  if (!probe) return std::unexpected(probe.error());
  if (connect(probe->get(), remote.get(), remote.size()) != 0) {
    return std::unexpected(std::format("no way to {}: {}", remote.text(), std::strerror(errno)));
  }
  Address local = bound_address(probe->get());
  local.set_port(0);
  return local;
}

}  // namespace

Checked<std::unique_ptr<QuicConnection>> QuicConnection::open(
    Loop& loop, BufferPool& pool, const Limits& limits, Random& random,
    const tls::ClientContext& tls, const Address& remote, const std::string& host,
    std::span<const std::byte> resumption) {
  const auto local = local_towards(remote);
  if (!local) return std::unexpected(local.error());
  auto fd = UdpSocket::bind(*local, {});
  if (!fd) return std::unexpected(fd.error());

  std::unique_ptr<QuicConnection> connection(new QuicConnection(loop));
  QuicConnection* const self = connection.get();
  connection->socket_ = std::make_unique<UdpSocket>(
      loop, std::move(*fd),
      [self](const Datagram& datagram, TimePoint now) { self->quic_->receive(datagram, now); },
      [self] { self->quic_->on_writable(); });
  quic::ClientConfig config;
  config.server_name = host;
  config.resumption.assign(resumption.begin(), resumption.end());
  auto made = quic::ClientConnection::make(
      config, self->socket_->local(), remote, loop.clock(), random, *self->socket_, tls,
      [self, &pool, &limits](quic::QuicStreams& streams) {
        auto application = h3::make_client_session(pool, limits, streams);
        self->streams_ = &streams;
        self->h3_ = application.get();
        return application;
      });
  if (!made) return std::unexpected(std::string(made.error().detail));
  connection->quic_ = std::move(*made);
  return connection;
}

QuicConnection::~QuicConnection() { close(); }

bool QuicConnection::ready() const noexcept { return quic_->ready(); }

bool QuicConnection::closed() const noexcept {
  return quic_->state() == quic::ClientConnection::State::closed;
}

void QuicConnection::close() {
  if (quic_ == nullptr || closed()) return;  // null: open() failed half-way
  quic_->close(kNoError, loop_.clock().now());
  std::ignore = quic_->flush(loop_.clock().now());
}

bool QuicConnection::flush(TimePoint now) {
  const bool more = quic_->flush(now);
  timer_.set(quic_->deadline());
  return more;
}

}  // namespace troika::client
