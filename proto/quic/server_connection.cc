#include "proto/quic/server_connection.h"

#include <algorithm>

#include "proto/quic/callbacks.h"
#include "proto/quic/convert.h"
#include "proto/quic/settings.h"

namespace troika::quic {
namespace {

// What the handshake proves about a Retry (RFC 9000 §7.3).
void set_original(ngtcp2_transport_params& params, const ngtcp2_pkt_hd& initial,
                  const TokenCheck& token) noexcept {
  const bool retried = token.verdict == TokenCheck::Verdict::retry;
  params.original_dcid = retried ? token.original : initial.dcid;
  params.original_dcid_present = 1;
  if (!retried) return;
  params.retry_scid = initial.dcid;
  params.retry_scid_present = 1;
}

// A token here lifts the limit of three times the bytes (RFC 9000 §8.1): only a good one is told.
void set_token(ngtcp2_settings& settings, const ngtcp2_pkt_hd& initial,
               const TokenCheck& token) noexcept {
  if (!token.proves_address()) return;
  settings.token = initial.token;
  settings.tokenlen = initial.tokenlen;
  settings.token_type = token.verdict == TokenCheck::Verdict::retry ? NGTCP2_TOKEN_TYPE_RETRY
                                                                    : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
}

}  // namespace

ServerConnection::ServerConnection(const ConnectionShared& shared, const Address& local,
                                   const Address& remote)
    : ConnectionBase(shared.random, shared.out, local, remote, shared.application.traits.no_error,
                     shared.config.key_update_packets),
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
  const bool moves = is_to_move(shared_.config, local());
  if (moves) set_preferred_address(params, shared_.config, shared_.ids);

  ngtcp2_settings settings =
      make_settings(now, shared_.config.handshake_timeout, random(), shared_.config.congestion,
                    {kVersions, shared_.config.upgrade_version});
  settings.initial_rtt = to_duration(kInitialRtt);
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
                             &settings, &params, nullptr,
                             static_cast<ConnectionBase*>(this)) != 0) {
    return false;
  }
  set_session(OsslSession::make(OsslSession::Side::server, ConnPtr(conn), shared_.tls.new_ssl()));
  if (this->conn() == nullptr) return false;
  if (!session().tag_tickets(shared_.application.traits.settings_tag)) return false;
  half_open_ = true;
  shared_.owner.handshake_began();
  // Until the client has seen an id of ours, it sends to the one that it made up.
  return add_id(ConnectionId(initial.dcid)) && add_id(ConnectionId(own)) &&
         (!moves || add_id(ConnectionId(params.preferred_addr.cid)));
}

ServerConnection::~ServerConnection() {
  end_silently();
  free_session();
  free_application();
  end_handshake();
  for (const ConnectionId& id : ids_) shared_.owner.drop_id(id);
}

void ServerConnection::settle() {
  if (phase() != Phase::open) {
    report_handshake();
    end_handshake();
    free_session();
    free_application();
  }
  const TimePoint next = deadline();
  // A timer that fires early is cheaper than one that is moved for every packet.
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
  end_handshake();
  shared_.owner.handshake_completed();
  on_address_proven(remote());
}

void ServerConnection::on_address_proven(const Address& remote) {
  const Token token =
      shared_.tokens.for_visitor(remote, ngtcp2_conn_get_negotiated_version(conn()));
  if (token.size != 0) ngtcp2_conn_submit_new_token(conn(), token.bytes.data(), token.size);
}

std::unique_ptr<QlogSink> ServerConnection::open_log() {
  const ngtcp2_cid& id = ngtcp2_conn_get_local_transport_params(conn())->original_dcid;
  return shared_.config.qlog->open({id.data, id.datalen}, remote());
}

void ServerConnection::end_handshake() noexcept {
  if (std::exchange(half_open_, false)) shared_.owner.handshake_ended();
}

// A first packet that was none of a client's does not come here, and who closes without an error
// has changed its mind.
void ServerConnection::report_handshake() const noexcept {
  HandshakeObserver* const observer = shared_.config.handshakes;
  if (!half_open_ || observer == nullptr || reason().code == ErrorCode::closed) return;
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
