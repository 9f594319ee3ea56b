#include "proto/quic/server_connection.h"

#include <algorithm>
#include <cstring>

#include "proto/quic/callbacks.h"
#include "proto/quic/convert.h"

namespace troika::quic {
namespace {

// The ids by which the client checks that there was a Retry or none (RFC 9000 §7.3).
void set_original(ngtcp2_transport_params& params, const ngtcp2_pkt_hd& initial,
                  const TokenCheck& token) noexcept {
  const bool retried = token.verdict == TokenCheck::Verdict::retry;
  params.original_dcid = retried ? token.original : initial.dcid;
  params.original_dcid_present = 1;
  if (!retried) return;
  params.retry_scid = initial.dcid;
  params.retry_scid_present = 1;
}

// ngtcp2 lifts the amplification limit for a token (RFC 9000 §8.1): only a valid one is passed on.
void set_token(ngtcp2_settings& settings, const ngtcp2_pkt_hd& initial,
               const TokenCheck& token) noexcept {
  if (!token.proves_address()) return;
  settings.token = initial.token;
  settings.tokenlen = initial.tokenlen;
  settings.token_type = token.verdict == TokenCheck::Verdict::retry ? NGTCP2_TOKEN_TYPE_RETRY
                                                                    : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
}

bool is_set(const Address& address) noexcept { return address.family() != AF_UNSPEC; }

// Whether a client that arrived at `local` is asked to move. A client that is already at one of the
// preferred addresses stays there.
bool asks_to_move(const EndpointConfig& config, const Address& local) noexcept {
  if (!is_set(config.preferred_v4) && !is_set(config.preferred_v6)) return false;
  return local != config.preferred_v4 && local != config.preferred_v6;
}

// The transport parameter (RFC 9000 §18.2), with an id of its own that the caller registers.
void set_preferred_address(ngtcp2_transport_params& params, const EndpointConfig& config,
                           IdFactory& ids) noexcept {
  ngtcp2_preferred_addr& to = params.preferred_addr;
  if (is_set(config.preferred_v4)) {
    std::memcpy(&to.ipv4, config.preferred_v4.get(), sizeof to.ipv4);
    to.ipv4_present = 1;
  }
  if (is_set(config.preferred_v6)) {
    std::memcpy(&to.ipv6, config.preferred_v6.get(), sizeof to.ipv6);
    to.ipv6_present = 1;
  }
  to.cid = ids.make();
  std::ranges::copy(ids.token_of(to.cid).data, to.stateless_reset_token);
  params.preferred_addr_present = 1;
}

}  // namespace

ServerConnection::ServerConnection(const ConnectionShared& shared, const Address& local,
                                   const Address& remote)
    : ConnectionBase(shared.clock, shared.random, shared.out, local, remote,
                     shared.application.traits.no_error, shared.blocks,
                     shared.config.key_update_packets, shared.config.account),
      shared_(shared),
      timer_(shared.timers, [this] { mark_dirty(); }) {}

std::unique_ptr<ServerConnection> ServerConnection::make(const ConnectionShared& shared,
                                                         const ngtcp2_pkt_hd& initial,
                                                         const TokenCheck& token,
                                                         const Address& local,
                                                         const Address& remote, TimePoint now) {
  std::unique_ptr<ServerConnection> connection(new ServerConnection(shared, local, remote));
  return connection->start(initial, token, now) ? std::move(connection) : nullptr;
}

bool ServerConnection::start(const ngtcp2_pkt_hd& initial, const TokenCheck& token, TimePoint now) {
  const ngtcp2_cid own = shared_.ids.make();
  ngtcp2_transport_params params =
      make_params(shared_.config, shared_.application.traits.uni_streams);
  set_original(params, initial, token);
  const ngtcp2_stateless_reset_token reset = shared_.ids.token_of(own);
  std::ranges::copy(reset.data, params.stateless_reset_token);
  params.stateless_reset_token_present = 1;
  const bool moves = asks_to_move(shared_.config, local());
  if (moves) set_preferred_address(params, shared_.config, shared_.ids);

  ngtcp2_settings settings =
      make_settings(now, shared_.config.handshake_timeout, random(), shared_.config.congestion,
                    {kVersions, shared_.config.upgrade_version});
  settings.initial_rtt = to_duration(kInitialRtt);
  settings.max_window = shared_.config.connection_window;
  settings.max_stream_window = shared_.config.stream_window;
  set_token(settings, initial, token);
  if (!token.proves_address()) await_proof();
  QlogSource* const qlog = shared_.config.qlog;
  if (qlog != nullptr && qlog->wants(remote())) {
    hold_qlog();
    settings.qlog_write = write_qlog;
  }
  const ngtcp2_callbacks callbacks = make_callbacks(OsslSession::Side::server);
  Path path{local(), remote()};
  const ngtcp2_path view = path.view();
  ngtcp2_conn* conn = nullptr;
  if (ngtcp2_conn_server_new(&conn, &initial.scid, &own, &view, initial.version, &callbacks,
                             &settings, &params, &memory(),
                             static_cast<ConnectionBase*>(this)) != 0) {
    return false;
  }
  set_session(OsslSession::make(OsslSession::Side::server, ConnPtr(conn), shared_.tls.new_ssl()));
  if (this->conn() == nullptr) return false;
  if (!session().tag_tickets(shared_.application.traits.settings_tag)) return false;
  sending_ = library_held();
  Occupant& occupant = *this;
  place_.emplace(shared_.places, remote(), occupant);
  handshake_.emplace(shared_.handshakes, remote(), occupant);
  // Until the client knows an id of ours, it uses the one that it made up.
  return add_id(ConnectionId(initial.dcid)) && add_id(ConnectionId(own)) &&
         (!moves || add_id(ConnectionId(params.preferred_addr.cid)));
}

ServerConnection::~ServerConnection() {
  end_silently();
  free_session();
  free_application();
  for (const ConnectionId& id : ids_) shared_.owner.drop_id(id);
}

// What arrives with gaps costs ngtcp2 many times its size, and is of use to nobody yet.
void ServerConnection::receive(const Datagram& packet, TimePoint now) {
  if (closes()) return;
  ConnectionBase::receive(packet, now);
  const EndpointConfig& config = shared_.config;
  const std::size_t received = library_held() - std::min(library_held(), sending_);
  if (!alive() || received <= config.receive_memory) return;
  if (received <=
      config.receive_memory + std::min<std::uint64_t>(delivered(), config.connection_window))
    return;
  shared_.owner.too_costly();
  close(shared_.application.traits.excessive_load);
}

// ngtcp2 gives back little of what it takes for sending, so that is known only as it is taken.
bool ServerConnection::flush(TimePoint now) {
  const std::size_t before = library_held();
  const bool more = ConnectionBase::flush(now);
  const std::size_t after = library_held();
  sending_ = std::min(after, sending_ + after - std::min(before, after));
  return more;
}

void ServerConnection::on_flushed() {
  if (phase() != Phase::open) {
    report_handshake();
    handshake_.reset();
    place_.reset();
    free_session();
    free_application();
  } else if (!handshake_) {
    place_->set(application()->idle() ? Use::idle : Use::active);
  }
  const TimePoint next = deadline();
  // A timer that fires too early costs less than one that is set anew for every packet.
  if (next < timer_.deadline()) timer_.set(next);
}

bool ServerConnection::add_id(const ConnectionId& id) {
  if (!shared_.owner.register_id(id, *this)) return false;
  ids_.push_back(id);
  return true;
}

bool ServerConnection::new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) {
  do {
    id = shared_.ids.make();
  } while (!add_id(ConnectionId(id)));
  token = shared_.ids.token_of(id);
  return true;
}

void ServerConnection::id_retired(const ngtcp2_cid& id) noexcept {
  const ConnectionId key(id);
  if (std::erase(ids_, key) != 0) shared_.owner.drop_id(key);
}

void ServerConnection::on_established() {
  handshake_.reset();
  place_->set(Use::active);  // until the flush has looked
  shared_.owner.handshake_completed();
  on_address_proven(remote());
}

void ServerConnection::on_address_proven(const Address& remote) {
  const Token token =
      shared_.tokens.for_new_token(remote, ngtcp2_conn_get_negotiated_version(conn()));
  if (token.size != 0) ngtcp2_conn_submit_new_token(conn(), token.bytes.data(), token.size);
}

std::unique_ptr<QlogSink> ServerConnection::open_log() {
  const ngtcp2_cid& id = ngtcp2_conn_get_local_transport_params(conn())->original_dcid;
  return shared_.config.qlog->open({id.data, id.datalen}, remote());
}

void ServerConnection::mark_dirty() noexcept {
  // An acknowledgement, a probe or a timer is no request: how long it has been idle stays.
  if (place_ && place_->use() == Use::idle && !application()->idle()) place_->set(Use::active);
  shared_.owner.connection_dirty(*this);
}

// A handshake ends without a word, which costs the least: its client tries again.
void ServerConnection::give_way() noexcept { shed(); }

void ServerConnection::shed() noexcept {
  if (handshake_) {
    end_silently();
  } else {
    close(shared_.application.traits.no_error);
  }
  mark_dirty();
}

// Not for invalid first packets, which end before that, nor for peers that close without an error.
void ServerConnection::report_handshake() const noexcept {
  HandshakeObserver* const observer = shared_.config.handshakes;
  if (!handshake_ || observer == nullptr || reason().code == ErrorCode::closed) return;
  observer->on_handshake_failed(remote(), reason().detail);
}

bool ServerConnection::start_application() {
  const int early = SSL_get_early_data_status(session().ssl());
  if (early != SSL_EARLY_DATA_NOT_SENT) {
    shared_.owner.early_data_came(early == SSL_EARLY_DATA_ACCEPTED);
  }
  set_application(shared_.application.make(*this));
  return application() != nullptr;
}

}  // namespace troika::quic
