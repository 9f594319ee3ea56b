#include "proto/quic/client_connection.h"

#include <optional>
#include <string_view>
#include <utility>

#include "proto/quic/cid.h"
#include "proto/quic/convert.h"
#include "proto/quic/core.h"
#include "proto/quic/outbox.h"
#include "proto/quic/resumption.h"
#include "proto/quic/settings.h"
#include "tls/tickets/resumption.h"

namespace troika::quic {
namespace {

// A client has a buffer for each connection; its bursts need not be large.
constexpr std::size_t kBufferBytes = 16U << 10U;

// A token takes its place in each of the first packets.
constexpr std::size_t kMostTokenBytes = 512;

class ClientCore final : public Core {
 public:
  ClientCore(Random& random, Outbox& outbox, const Address& local, const Address& remote)
      : Core(random, outbox, local, remote) {}
  ~ClientCore() override {
    leave_open(Phase::dead);
    free_session();
    free_application();
  }

  Status start(const ClientConfig& config, const tls::ClientContext& tls,
               const ApplicationFactory& make_application, TimePoint now);
  void free_session_if_ended() {
    if (phase() == Phase::open || conn() == nullptr) return;
    kept_ = make_resumption();
    free_session();
  }
  std::vector<std::byte> resumption() { return conn() == nullptr ? kept_ : make_resumption(); }
  bool is_dirty() const noexcept { return dirty_; }
  void forget_dirty() noexcept { dirty_ = false; }
  std::span<const std::byte> token() const noexcept { return token_; }

 private:
  bool new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) override {
    id = random_id(random(), kOwnIdBytes);
    random().fill(std::as_writable_bytes(std::span(token.data)));
    return true;
  }
  void id_retired(const ngtcp2_cid&) noexcept override {}
  void on_established() override {}
  void on_preferred_address(const ngtcp2_preferred_addr& offered, ngtcp2_path& path) override {
    if (takes_preferred_address_) choose_preferred_address(offered, local(), path);
  }
  void on_token(std::span<const std::byte> token) override {
    if (token.size() <= kMostTokenBytes) token_.assign(token.begin(), token.end());
  }
  void dirty() noexcept override { dirty_ = true; }
  bool on_sendable() override { return true; }
  Status begin_early(const Resumption& last);
  std::vector<std::byte> make_resumption();

  bool takes_preferred_address_ = false;
  bool dirty_ = false;  // since the last flush began
  std::vector<std::byte> token_;
  std::vector<std::byte> kept_;  // what resumption() says after the end
};

constexpr std::string_view kDamaged = "what was kept of the last connection is damaged";
constexpr std::size_t kMostLimitsBytes = 512;

Status ClientCore::start(const ClientConfig& config, const tls::ClientContext& tls,
                         const ApplicationFactory& make_application, TimePoint now) {
  takes_preferred_address_ = config.takes_preferred_address;
  std::optional<Resumption> last;
  if (!config.resumption.empty()) {
    last = decode_resumption(config.resumption);
    if (!last) return fail(ErrorCode::denied, kDamaged);
    if (last->version != config.version) last.reset();
  }
  const ngtcp2_cid own = random_id(random(), kOwnIdBytes);
  const ngtcp2_cid server = random_id(random(), kOwnIdBytes);
  ngtcp2_settings settings =
      make_settings(now, config.handshake_timeout, random(), Congestion::cubic, {config.versions});
  if (!config.token.empty() && config.token.size() <= kMostTokenBytes) {
    settings.token = as_u8(config.token.data());
    settings.tokenlen = config.token.size();
    settings.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
  }
  const ngtcp2_transport_params params = make_params(config);
  const ngtcp2_callbacks callbacks = make_callbacks(OsslSession::Side::client);
  Path path{local(), remote()};
  const ngtcp2_path view = path.view();
  ngtcp2_conn* conn = nullptr;
  if (ngtcp2_conn_client_new(&conn, &server, &own, &view, config.version, &callbacks, &settings,
                             &params, nullptr, static_cast<Core*>(this)) != 0) {
    return fail(ErrorCode::internal, "ngtcp2 makes no client connection of these settings");
  }
  const std::span<const std::byte> resumed =
      last ? std::span<const std::byte>(last->session) : std::span<const std::byte>();
  set_session(OsslSession::make(OsslSession::Side::client, ConnPtr(conn),
                                tls.new_ssl(config.server_name, resumed)));
  if (this->conn() == nullptr) return fail(ErrorCode::internal, "OpenSSL makes no QUIC client");
  set_application(make_application(*this));
  if (application() == nullptr) return fail(ErrorCode::internal, "there is no application");
  return session().offers_early_data() ? begin_early(*last) : Status{};
}

Status ClientCore::begin_early(const Resumption& last) {
  if (!application()->remember(last.application) ||
      ngtcp2_conn_decode_and_set_0rtt_transport_params(conn(), as_u8(last.limits.data()),
                                                       last.limits.size()) != 0) {
    return fail(ErrorCode::denied, kDamaged);
  }
  return Core::begin_early();
}

std::vector<std::byte> ClientCore::make_resumption() {
  if (!established()) return {};
  Resumption made;
  const auto ticket = tls::resumption_of(session().ssl());
  if (ticket.empty()) return {};
  made.session.assign(ticket.begin(), ticket.end());
  made.version = ngtcp2_conn_get_negotiated_version(conn());
  made.limits.resize(kMostLimitsBytes);
  const ngtcp2_ssize size = ngtcp2_conn_encode_0rtt_transport_params(
      conn(), as_u8(made.limits.data()), made.limits.size());
  if (size < 0) return {};
  made.limits.resize(static_cast<std::size_t>(size));
  made.application = application()->remembered();
  return encode(made);
}

class Client final : public ClientConnection {
 public:
  Client(Random& random, DatagramSink& sink, const Address& local, const Address& remote)
      : outbox_(sink, kBufferBytes), core_(random, outbox_, local, remote) {}

  ClientCore& core() noexcept { return core_; }

  QuicApplication& application() noexcept override { return *core_.application(); }
  State state() const noexcept override {
    if (!core_.alive()) return State::closed;
    return core_.established() ? State::established : State::handshake;
  }
  Error close_reason() const noexcept override { return core_.reason(); }
  bool ready() const noexcept override { return core_.alive() && core_.ready(); }
  std::vector<std::byte> resumption() override { return core_.resumption(); }
  std::span<const std::byte> token() const noexcept override { return core_.token(); }

  void receive(const Datagram& datagram, TimePoint now) override {
    busy_ = true;
    for_each_segment(datagram, [&](const Datagram& packet) { core_.receive(packet, now); });
    busy_ = false;
  }

  bool flush(TimePoint now) override {
    if (outbox_.blocked()) return false;
    busy_ = true;
    core_.forget_dirty();
    // What the application asks for while packets are written waits for the next flush.
    const bool more = core_.flush(now) || core_.is_dirty();
    core_.free_session_if_ended();
    busy_ = false;
    return more && !outbox_.blocked();
  }

  void on_writable() override { outbox_.resend(); }
  TimePoint deadline() const noexcept override { return core_.deadline(); }
  void on_deadline(TimePoint) override {}  // the flush that follows does what is due

  // At once, unless it is the application that asks from within one of our calls.
  void close(AppError code, TimePoint now) override {
    core_.Core::close(code);
    if (!busy_) flush(now);
  }

  bool update_key(TimePoint now) override { return !busy_ && core_.update_key(now); }
  bool move_to(const Address& local, TimePoint now) override {
    return !busy_ && core_.move_to(local, now);
  }

 private:
  Outbox outbox_;
  ClientCore core_;
  bool busy_ = false;
};

}  // namespace

Result<std::unique_ptr<ClientConnection>> ClientConnection::make(
    const ClientConfig& config, const Address& local, const Address& remote, const Clock& clock,
    Random& random, DatagramSink& sink, const tls::ClientContext& tls,
    const ApplicationFactory& application) {
  auto client = std::make_unique<Client>(random, sink, local, remote);
  if (const Status status = client->core().start(config, tls, application, clock.now()); !status) {
    return std::unexpected(status.error());
  }
  return client;
}

}  // namespace troika::quic
