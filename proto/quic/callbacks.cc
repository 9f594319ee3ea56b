#include "proto/quic/callbacks.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include "proto/quic/connection_base.h"
#include "proto/quic/convert.h"

namespace troika::quic {

// An error of the application ends the connection.
struct Callbacks {
  static ConnectionBase& connection(void* user) noexcept {
    return *static_cast<ConnectionBase*>(user);
  }
  static QuicApplication& application(void* user) noexcept {
    return *connection(user).application_;
  }
  static int result(void* user, const Status& status) noexcept {
    return connection(user).close_.result_of(status);
  }

  static int crypto_data(ngtcp2_conn* conn, ngtcp2_encryption_level level, std::uint64_t offset,
                         const std::uint8_t* data, std::size_t size, void* user) {
    if (offset + size > most_crypto_bytes(level)) {
      connection(user).close_.end_transport(
          NGTCP2_CRYPTO_BUFFER_EXCEEDED,
          {ErrorCode::limit, "the peer's TLS messages are too large"});
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    return ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, size, user);
  }

  static int stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t stream, std::uint64_t,
                         const std::uint8_t* data, std::size_t size, void* user, void*) {
    connection(user).last_progress_ = connection(user).now_;
    connection(user).delivered_ += size;
    const bool fin = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    const bool early = (flags & NGTCP2_STREAM_DATA_FLAG_0RTT) != 0;
    return result(user, application(user).on_data(stream, {as_bytes(data), size}, fin, early,
                                                  connection(user).now_));
  }

  static int acked(ngtcp2_conn*, std::int64_t stream, std::uint64_t, std::uint64_t bytes,
                   void* user, void*) {
    return connection(user).on_acked(stream, bytes);
  }

  static int stream_closed(ngtcp2_conn* conn, std::uint32_t flags, std::int64_t stream,
                           std::uint64_t code, void* user, void*) {
    const bool has_code = (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0;
    if (!is_bidi(stream) && ngtcp2_conn_is_local_stream(conn, stream) == 0) {
      ngtcp2_conn_extend_max_streams_uni(conn, 1);
    }
    if (const int failed = connection(user).tell_acked(); failed != 0) return failed;
    return result(user, application(user).on_stream_closed(
                            stream, has_code ? std::optional(code) : std::nullopt));
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t stream, std::uint64_t, std::uint64_t code,
                          void* user, void*) {
    return result(user, application(user).on_reset(stream, code));
  }

  static int stream_credit(ngtcp2_conn*, std::int64_t stream, std::uint64_t, void* user, void*) {
    return result(user, application(user).on_writable(stream));
  }

  static int streams_available(ngtcp2_conn*, std::uint64_t, void* user) {
    if (connection(user).ready()) application(user).on_streams_available();
    return 0;
  }

  static int key_to_start(ngtcp2_conn*, ngtcp2_encryption_level level, void* user) {
    return connection(user).on_key(level);
  }

  static int handshake_completed(ngtcp2_conn*, void* user) {
    return connection(user).on_handshake_completed();
  }

  static int handshake_confirmed(ngtcp2_conn*, void* user) {  // of clients only
    connection(user).progress_ = ConnectionBase::Progress::confirmed;
    return 0;
  }

  static int new_id(ngtcp2_conn*, ngtcp2_cid* id, ngtcp2_stateless_reset_token* token, std::size_t,
                    void* user) {
    return connection(user).new_id(*id, *token) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
  }

  static int id_removed(ngtcp2_conn*, const ngtcp2_cid* id, void* user) {
    connection(user).id_retired(*id);
    return 0;
  }

  static int path_validated(ngtcp2_conn*, std::uint32_t flags, const ngtcp2_path* path,
                            const ngtcp2_path*, ngtcp2_path_validation_result result, void* user) {
    if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) return 0;
    connection(user).use_validated(to_path(*path));
    if ((flags & NGTCP2_PATH_VALIDATION_FLAG_NEW_TOKEN) != 0) {
      connection(user).on_address_proven(connection(user).remote());
    }
    return 0;
  }

  static int preferred_address(ngtcp2_conn*, ngtcp2_path* path,
                               const ngtcp2_preferred_addr* offered, void* user) {
    connection(user).on_preferred_address(*offered, *path);
    return 0;
  }

  static void qlog(void* user, std::uint32_t flags, const void* records, std::size_t size) {
    PendingQlog& log = connection(user).qlog_;
    if (size != 0) log.write({static_cast<const std::byte*>(records), size});
    if ((flags & NGTCP2_QLOG_WRITE_FLAG_FIN) != 0) log.end();
  }

  static int token_received(ngtcp2_conn*, const std::uint8_t* token, std::size_t size, void* user) {
    connection(user).on_token({as_bytes(token), size});
    return 0;
  }

  static int retry_received(ngtcp2_conn* conn, const ngtcp2_pkt_hd* head, void* user) {
    connection(user).retry_id_ = head->scid;
    return ngtcp2_crypto_recv_retry_cb(conn, head, user);
  }

  // The keys are derived from the id in the Retry (RFC 9001 §5.2). ngtcp2 1.22 passes the server's
  // present id instead, which is another one after a packet of the first version has arrived.
  static int version_negotiated(ngtcp2_conn* conn, std::uint32_t version, const ngtcp2_cid* id,
                                void* user) {
    const std::optional<ngtcp2_cid>& retry = connection(user).retry_id_;
    return ngtcp2_crypto_version_negotiation_cb(conn, version, retry ? &*retry : id, user);
  }

  static int reset_received(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset2*, void* user) {
    connection(user).close_.on_stateless_reset();
    return 0;
  }

  static void random(std::uint8_t* dest, std::size_t size, const ngtcp2_rand_ctx* context) {
    static_cast<Random*>(context->native_handle)
        ->fill(std::as_writable_bytes(std::span(dest, size)));
  }
};

namespace {

void set_crypto(ngtcp2_callbacks& callbacks) {
  callbacks.client_initial = ngtcp2_crypto_client_initial_cb;
  callbacks.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
  callbacks.encrypt = ngtcp2_crypto_encrypt_cb;
  callbacks.decrypt = ngtcp2_crypto_decrypt_cb;
  callbacks.hp_mask = ngtcp2_crypto_hp_mask_cb;
  callbacks.update_key = ngtcp2_crypto_update_key_cb;
  callbacks.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  callbacks.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  callbacks.get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb;
}

}  // namespace

// stream_stop_sending stays unset: it reports our own STOP_SENDING, not the peer's.
ngtcp2_callbacks make_callbacks(OsslSession::Side side) {
  ngtcp2_callbacks callbacks{};
  set_crypto(callbacks);
  callbacks.recv_crypto_data = Callbacks::crypto_data;
  callbacks.recv_stream_data = Callbacks::stream_data;
  callbacks.acked_stream_data_offset = Callbacks::acked;
  callbacks.stream_close = Callbacks::stream_closed;
  callbacks.stream_reset = Callbacks::stream_reset;
  callbacks.extend_max_stream_data = Callbacks::stream_credit;
  callbacks.extend_max_local_streams_bidi = Callbacks::streams_available;
  callbacks.extend_max_local_streams_uni = Callbacks::streams_available;
  // Server: a response may go out before the handshake is complete, so the application starts as
  // soon as there are keys to send with. Client: this key makes the peer's limits final.
  (side == OsslSession::Side::server ? callbacks.recv_tx_key : callbacks.recv_rx_key) =
      Callbacks::key_to_start;
  callbacks.handshake_completed = Callbacks::handshake_completed;
  callbacks.handshake_confirmed = Callbacks::handshake_confirmed;
  callbacks.get_new_connection_id2 = Callbacks::new_id;
  callbacks.remove_connection_id = Callbacks::id_removed;
  callbacks.path_validation = Callbacks::path_validated;
  callbacks.recv_retry = Callbacks::retry_received;
  callbacks.version_negotiation = Callbacks::version_negotiated;
  callbacks.select_preferred_addr = Callbacks::preferred_address;
  callbacks.recv_new_token = Callbacks::token_received;
  callbacks.recv_stateless_reset2 = Callbacks::reset_received;
  callbacks.rand = Callbacks::random;
  return callbacks;
}

void write_qlog(void* user, std::uint32_t flags, const void* records, std::size_t size) {
  Callbacks::qlog(user, flags, records, size);
}

}  // namespace troika::quic
