#include "client/connections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "loop/tcp_stream.h"
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

CallStep TcpConnection::step() const noexcept {
  StreamState at = closed() ? closed_at_ : stream_.state();
  if (at == StreamState::open && security().handshaking) at = StreamState::handshaking;
  if (at == StreamState::connecting) return CallStep::connect;
  return at == StreamState::handshaking ? CallStep::handshake : CallStep::send;
}

void TcpConnection::on_closed(StreamState at, const std::optional<Error>& lost) noexcept {
  closed_at_ = at;
  if (lost) reason_ = *lost;
  mark_dirty();
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

// The connection as its application sees it: what the application records must be flushed. Only
// keep_alive() is no record: it comes in each flush.
class QuicConnection::Streams final : public quic::QuicStreams {
 public:
  Streams(quic::QuicStreams& quic, QuicConnection& owner) : quic_(quic), owner_(owner) {}

  Result<quic::StreamId> open_uni() override { return quic_.open_uni(); }
  Result<quic::StreamId> open_bidi() override { return quic_.open_bidi(); }
  std::size_t bidi_streams_left() const noexcept override { return quic_.bidi_streams_left(); }
  void keep_alive(Duration silence) noexcept override { quic_.keep_alive(silence); }
  void extend_credit(quic::StreamId stream, std::size_t bytes) override {
    quic_.extend_credit(stream, bytes);
    owner_.mark_dirty();
  }
  void extend_connection_credit(std::size_t bytes) override {
    quic_.extend_connection_credit(bytes);
    owner_.mark_dirty();
  }
  void extend_peer_bidi_streams(std::size_t count) override {
    quic_.extend_peer_bidi_streams(count);
    owner_.mark_dirty();
  }
  void shutdown_read(quic::StreamId stream, quic::AppError code) override {
    quic_.shutdown_read(stream, code);
    owner_.mark_dirty();
  }
  void shutdown_write(quic::StreamId stream, quic::AppError code) override {
    quic_.shutdown_write(stream, code);
    owner_.mark_dirty();
  }
  void close(quic::AppError code) noexcept override {
    quic_.close(code);
    owner_.mark_dirty();
  }
  void mark_writable() noexcept override {
    quic_.mark_writable();
    owner_.mark_dirty();
  }
  quic::SendCredit send_credit(quic::StreamId stream) const noexcept override {
    return quic_.send_credit(stream);
  }
  Account& account() noexcept override { return quic_.account(); }
  const SecurityInfo& security() const noexcept override { return quic_.security(); }
  const Address& remote() const noexcept override { return quic_.remote(); }
  const Address& local() const noexcept override { return quic_.local(); }

 private:
  quic::QuicStreams& quic_;
  QuicConnection& owner_;
};

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
         self->streams_ = std::make_unique<Streams>(streams, *self);
         auto application = h3::make_client_session(services, *self->streams_);
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
      [this](const Datagram& datagram, TimePoint now) { receive(datagram, now); },
      [this] {
        quic_->on_writable();
        mark_dirty();
      }));
  return {};
}

void QuicConnection::receive(const Datagram& datagram, TimePoint now) {
  if (step_ == CallStep::connect && datagram.remote == remote()) step_ = CallStep::handshake;
  quic_->receive(datagram, now);
  note_progress();
  mark_dirty();
}

void QuicConnection::note_progress() noexcept {
  if (quic_->state() == quic::ClientConnection::State::established) step_ = CallStep::send;
}

bool QuicConnection::update_key() {
  if (!quic_->update_key(loop_.clock().now())) return false;
  mark_dirty();
  return true;
}

// The old path stays in use until the new one is validated, so its socket is kept.
bool QuicConnection::move() {
  Address local = socket().local();
  local.set_port(0);
  if (!add_socket(local)) return false;
  if (quic_->move_to(socket().local(), loop_.clock().now())) {
    mark_dirty();
    return true;
  }
  sockets_.pop_back();
  return false;
}

SendOutcome QuicConnection::send(const Datagram& datagram) {
  const auto from = std::ranges::find_if(
      sockets_, [&](const auto& socket) { return socket->local() == datagram.local; });
  return (from != sockets_.end() ? **from : socket()).send(datagram);
}

QuicConnection::QuicConnection(Loop& loop)
    : loop_(loop), timer_(loop.timers(), [this] { mark_dirty(); }) {}

QuicConnection::~QuicConnection() {
  set_owner(nullptr);
  close();
}

const SecurityInfo& QuicConnection::security() const noexcept { return streams_->security(); }

const Address& QuicConnection::remote() const noexcept { return streams_->remote(); }

bool QuicConnection::ready() const noexcept { return quic_->ready(); }

bool QuicConnection::closed() const noexcept {
  return quic_->state() == quic::ClientConnection::State::closed;
}

void QuicConnection::close() {
  if (quic_ == nullptr || closed()) return;  // null: open() failed half-way
  quic_->close(h3::kNoError, loop_.clock().now());
  std::ignore = quic_->flush(loop_.clock().now());
  mark_dirty();
}

// The time goes on while QUIC writes, so that of the turn may be in its past.
bool QuicConnection::flush(TimePoint) {
  const bool more = quic_->flush(loop_.clock().now());
  note_progress();
  timer_.set(quic_->deadline());
  return more;
}

Connector::Connector(Loop& loop, BufferPool& pool, const Options& options)
    : loop_(loop),
      limits_(options.limits),
      services_{pool, loop.turn_clock(), limits_, random_},
      times_(options.times),
      quic_(options.quic),
      scratch_(loop.clock()),
      own_resolver_(options.resolver == nullptr ? make_system_resolver(loop) : nullptr),
      resolver_(options.resolver == nullptr ? *own_resolver_ : *options.resolver) {}

Checked<std::unique_ptr<Connector>> Connector::make(Loop& loop, BufferPool& pool,
                                                    const Options& options) {
  std::unique_ptr<Connector> made(new Connector(loop, pool, options));
  struct Wanted {
    std::unique_ptr<tls::ClientContext>* context;
    tls::TransportKind transport;
    std::vector<std::string> alpn;
  };
  for (const Wanted& wanted :
       {Wanted{&made->h1_, tls::TransportKind::tcp, {"http/1.1"}},
        Wanted{&made->h2_, tls::TransportKind::tcp, {"h2"}},
        Wanted{&made->h3_, tls::TransportKind::quic, {h3::traits(made->limits_).alpn}}}) {
    auto context = tls::ClientContext::make(
        wanted.transport,
        {options.ca_file, wanted.alpn, options.cert_file, options.key_file,
         options.on_server_certificate, options.groups, options.ciphers, options.verify});
    if (!context) return std::unexpected(context.error());
    *wanted.context = std::move(*context);
  }
  return made;
}

Checked<std::unique_ptr<Connection>> Connector::open(Protocol protocol, const Address& remote,
                                                     const std::string& host,
                                                     std::span<const std::byte> resumption) {
  if (protocol == Protocol::h3) {
    quic::ClientConfig config = quic_;
    config.server_name = host;
    config.stream_window = limits_.call_window;
    config.connection_window = limits_.call_window * limits_.concurrent_streams;
    config.resumption.assign(resumption.begin(), resumption.end());
    return QuicConnection::open(loop_, services_, random_, *h3_, remote, config);
  }
  auto stream = TcpStream::connect(loop_, remote);
  if (!stream) return std::unexpected(std::string(stream.error().detail));
  std::unique_ptr<Transport> transport;
  const SSL* ssl = nullptr;
  if (protocol == Protocol::h1_plain || protocol == Protocol::h2_plain) {
    transport = std::make_unique<PlainTransport>(std::move(*stream));
  } else {
    const tls::ClientContext& context = protocol == Protocol::h1 ? *h1_ : *h2_;
    tls::SslPtr made = context.new_ssl(host, resumption);
    ssl = made.get();
    transport = tls::make_tls_transport(std::move(*stream), std::move(made), scratch_);
  }
  return std::make_unique<TcpConnection>(std::move(transport), ssl, protocol == Protocol::h2_plain,
                                         services_, loop_.timers(), times_);
}

std::unique_ptr<Connection> Connector::open(Protocol protocol, const Name& to,
                                            const std::string& host,
                                            std::span<const std::byte> resumption) {
  return std::make_unique<Race>(
      to, resolver_, loop_.clock(), loop_.timers(), times_.resolving,
      [this, protocol, host, last = std::vector(resumption.begin(), resumption.end())](
          const Address& address) { return open(protocol, address, host, last); });
}

}  // namespace troika::client
