#include "proto/quic/client_connection.h"

#include <concepts>
#include <cstring>
#include <string_view>

#include "base/digest64.h"
#include "proto/quic/callbacks.h"
#include "proto/quic/cid.h"
#include "proto/quic/convert.h"
#include "tls/tickets/resumption.h"

namespace troika::quic {
namespace {

// To be changed together with the fields that follow it.
constexpr std::uint32_t kFormat = 0x54515201;

void put(std::vector<std::byte>& to, std::unsigned_integral auto number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    to.push_back(static_cast<std::byte>(number >> (8 * (sizeof number - 1 - i))));
  }
}

void put(std::vector<std::byte>& to, const std::vector<std::byte>& bytes) {
  put(to, static_cast<std::uint32_t>(bytes.size()));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

template <std::unsigned_integral Number>
bool take(std::span<const std::byte>& from, Number& number) {
  if (from.size() < sizeof number) return false;
  number = 0;
  for (const std::byte each : from.first(sizeof number)) {
    number = static_cast<Number>(number << 8U | std::to_integer<Number>(each));
  }
  from = from.subspan(sizeof number);
  return true;
}

bool take(std::span<const std::byte>& from, std::vector<std::byte>& bytes) {
  std::uint32_t size = 0;
  if (!take(from, size) || from.size() < size) return false;
  bytes.assign(from.begin(), from.begin() + size);
  from = from.subspan(size);
  return true;
}

}  // namespace

std::vector<std::byte> encode(const Resumption& resumption) {
  std::vector<std::byte> bytes;
  put(bytes, kFormat);
  put(bytes, resumption.version);
  put(bytes, resumption.session);
  put(bytes, resumption.limits);
  put(bytes, resumption.application);
  put(bytes, Digest64().add(bytes).value());
  return bytes;
}

std::optional<Resumption> decode_resumption(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return std::nullopt;
  const auto covered = bytes.first(bytes.size() - sizeof(std::uint64_t));
  auto end = bytes.subspan(covered.size());
  auto rest = covered;
  std::uint32_t format = 0;
  std::uint64_t digest = 0;
  Resumption made;
  const bool whole = take(end, digest) && digest == Digest64().add(covered).value() &&
                     take(rest, format) && format == kFormat && take(rest, made.version) &&
                     take(rest, made.session) && take(rest, made.limits) &&
                     take(rest, made.application) && rest.empty();
  if (!whole) return std::nullopt;
  return made;
}

namespace {

constexpr std::size_t kBufferBytes = 16U << 10U;  // there is one buffer for each connection
constexpr std::size_t kMostTokenBytes = 512;      // each Initial carries the token
constexpr std::size_t kMostLimitsBytes = 512;
constexpr std::string_view kDamaged = "what was kept of the last connection is damaged";

// The socket is bound to one address, so only addresses of that family can be reached.
void choose_preferred_address(const ngtcp2_preferred_addr& offered, const Address& local,
                              ngtcp2_path& path) noexcept {
  const auto choose = [&path](const auto& address) {
    std::memcpy(path.remote.addr, &address, sizeof address);
    path.remote.addrlen = sizeof address;
  };
  if (local.family() == AF_INET && offered.ipv4_present != 0) choose(offered.ipv4);
  if (local.family() == AF_INET6 && offered.ipv6_present != 0) choose(offered.ipv6);
}

}  // namespace

Result<std::unique_ptr<ClientConnection>> ClientConnection::make(
    const ClientConfig& config, const Address& local, const Address& remote, const Clock& clock,
    Random& random, DatagramSink& sink, const tls::ClientContext& tls,
    const ApplicationFactory& application) {
  std::unique_ptr<ClientConnection> client(
      new ClientConnection(clock, random, sink, local, remote, application.traits.no_error));
  if (const Status status = client->start(config, tls, application, clock.now()); !status) {
    return std::unexpected(status.error());
  }
  return client;
}

ClientConnection::ClientConnection(const Clock& clock, Random& random, DatagramSink& sink,
                                   const Address& local, const Address& remote, AppError no_error)
    : ConnectionBase(clock, random, out_, local, remote, no_error, blocks_),
      out_(sink, kBufferBytes) {}

ClientConnection::~ClientConnection() {
  end_silently();
  free_session();
  free_application();
}

ClientConnection::State ClientConnection::state() const noexcept {
  if (!alive()) return State::closed;
  return established() ? State::established : State::handshake;
}

void ClientConnection::receive(const Datagram& datagram, TimePoint now) {
  busy_ = true;
  for_each_segment(datagram, [&](const Datagram& packet) { ConnectionBase::receive(packet, now); });
  busy_ = false;
}

bool ClientConnection::flush(TimePoint now) {
  if (out_.blocked()) return false;
  busy_ = true;
  dirty_ = false;
  // What the application asks for while packets are written waits for the next flush.
  const bool more = ConnectionBase::flush(now) || dirty_;
  free_session_if_ended();
  busy_ = false;
  return more && !out_.blocked();
}

void ClientConnection::close(AppError code, TimePoint now) {
  close(code);
  if (!busy_) flush(now);
}

void ClientConnection::free_session_if_ended() {
  if (phase() == Phase::open || conn() == nullptr) return;
  last_resumption_ = make_resumption();
  free_session();
}

std::vector<std::byte> ClientConnection::resumption() {
  return conn() == nullptr ? last_resumption_ : make_resumption();
}

bool ClientConnection::new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) {
  id = random_id(random(), kOwnIdBytes);
  random().fill(std::as_writable_bytes(std::span(token.data)));
  return true;
}

void ClientConnection::on_preferred_address(const ngtcp2_preferred_addr& offered,
                                            ngtcp2_path& path) {
  if (takes_preferred_address_) choose_preferred_address(offered, local(), path);
}

void ClientConnection::on_token(std::span<const std::byte> token) {
  if (token.size() <= kMostTokenBytes) token_.assign(token.begin(), token.end());
}

Status ClientConnection::start(const ClientConfig& config, const tls::ClientContext& tls,
                               const ApplicationFactory& application, TimePoint now) {
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
  settings.ack_thresh = config.ack_every;
  if (!config.token.empty() && config.token.size() <= kMostTokenBytes) {
    settings.token = as_u8(config.token.data());
    settings.tokenlen = config.token.size();
    settings.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
  }
  const ngtcp2_transport_params params = make_params(config, application.traits.uni_streams);
  const ngtcp2_callbacks callbacks = make_callbacks(OsslSession::Side::client);
  Path path{local(), remote()};
  const ngtcp2_path view = path.view();
  ngtcp2_conn* conn = nullptr;
  if (ngtcp2_conn_client_new(&conn, &server, &own, &view, config.version, &callbacks, &settings,
                             &params, &memory(), static_cast<ConnectionBase*>(this)) != 0) {
    return fail(ErrorCode::internal, "ngtcp2 makes no client connection of these settings");
  }
  const std::span<const std::byte> resumed =
      last ? std::span<const std::byte>(last->session) : std::span<const std::byte>();
  set_session(OsslSession::make(OsslSession::Side::client, ConnPtr(conn),
                                tls.new_ssl(config.server_name, resumed)));
  if (this->conn() == nullptr) return fail(ErrorCode::internal, "OpenSSL makes no QUIC client");
  set_application(application.make(*this));
  if (ConnectionBase::application() == nullptr)
    return fail(ErrorCode::internal, "there is no application");
  return session().offers_early_data() ? begin_early(*last) : Status{};
}

Status ClientConnection::begin_early(const Resumption& last) {
  if (!application().remember(last.application) ||
      ngtcp2_conn_decode_and_set_0rtt_transport_params(conn(), as_u8(last.limits.data()),
                                                       last.limits.size()) != 0) {
    return fail(ErrorCode::denied, kDamaged);
  }
  return ConnectionBase::begin_early();
}

std::vector<std::byte> ClientConnection::make_resumption() {
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
  made.application = application().remembered();
  return encode(made);
}

}  // namespace troika::quic
