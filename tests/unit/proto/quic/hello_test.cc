// ClientHellos that no client of QUIC sends.
#include <openssl/bio.h>

#include "packets.h"
#include "proto/quic/convert.h"
#include "proto/quic/ossl_session.h"

namespace troika::test {
namespace {

// A client of ngtcp2 whose TLS believes to be on TCP: its ClientHello has nothing of QUIC's in it.
// Reads no more than how the server ends the connection.
class BareClient {
 public:
  explicit BareClient(QuicWorld& w)
      : w_(w), port_(w.world.net.open(w.client_address(50))), ssl_(make_ssl()) {
    const ngtcp2_callbacks callbacks = make_callbacks();
    ngtcp2_settings settings;
    ngtcp2_settings_default(&settings);
    settings.initial_ts = quic::to_stamp(w.world.clock.now());
    ngtcp2_transport_params params;
    ngtcp2_transport_params_default(&params);
    const ngtcp2_cid own{8, {1, 2, 3, 4, 5, 6, 7, 8}}, server{8, {8, 7, 6, 5, 4, 3, 2, 1}};
    quic::Path path{port_.address(), w.port.address()};
    const ngtcp2_path view = path.view();
    ngtcp2_conn* conn = nullptr;
    REQUIRE(ngtcp2_conn_client_new(&conn, &server, &own, &view, kV1, &callbacks, &settings, &params,
                                   nullptr, this) == 0);
    conn_.reset(conn);
    REQUIRE(ngtcp2_crypto_ossl_ctx_new(&context_, ssl_.get()) == 0);
    ngtcp2_conn_set_tls_native_handle(conn, context_);
    port_.receiver = [this](const Datagram& datagram) { receive(datagram); };
  }
  ~BareClient() {
    port_.receiver = nullptr;
    conn_.reset();
    ngtcp2_crypto_ossl_ctx_del(context_);
  }
  BareClient(const BareClient&) = delete;
  BareClient& operator=(const BareClient&) = delete;

  void send() {
    Bytes packet(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
    ngtcp2_pkt_info info{};
    const ngtcp2_ssize size =
        ngtcp2_conn_write_pkt(conn_.get(), nullptr, &info, quic::as_u8(packet.data()),
                              packet.size(), quic::to_stamp(w_.world.clock.now()));
    REQUIRE(size > 0);
    packet.resize(static_cast<std::size_t>(size));
    w_.inject(packet, port_.address());
  }

  std::optional<std::uint64_t> closed;  // the server's error code

 private:
  static tls::SslPtr make_ssl() {
    const tls::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_clear_options(context.get(), SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(context.get(), "X25519");  // so that one datagram takes it
    tls::SslPtr ssl(SSL_new(context.get()));
    constexpr std::array<unsigned char, 3> kProtocols{2, 'h', '3'};
    SSL_set_alpn_protos(ssl.get(), kProtocols.data(), kProtocols.size());
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl.get());
    return ssl;
  }

  static ngtcp2_callbacks make_callbacks() {
    ngtcp2_callbacks callbacks = client_callbacks();
    callbacks.client_initial = client_initial;
    callbacks.recv_crypto_data = [](ngtcp2_conn*, ngtcp2_encryption_level, std::uint64_t,
                                    const std::uint8_t*, std::size_t, void*) { return 0; };
    callbacks.encrypt = ngtcp2_crypto_encrypt_cb;
    callbacks.get_new_connection_id2 = [](ngtcp2_conn*, ngtcp2_cid*, ngtcp2_stateless_reset_token*,
                                          std::size_t, void*) { return 0; };
    return callbacks;
  }

  // The call below makes the keys, and then fails as this TLS takes no transport parameters. TLS
  // writes a record; what is in it goes into CRYPTO frames.
  static int client_initial(ngtcp2_conn* conn, void* user) {
    std::ignore = ngtcp2_crypto_client_initial_cb(conn, user);
    SSL* const ssl = static_cast<BareClient*>(user)->ssl_.get();
    SSL_do_handshake(ssl);
    constexpr int kRecordHeader = 5;
    std::array<std::uint8_t, 2000> record{};
    const int size = BIO_read(SSL_get_wbio(ssl), record.data(), static_cast<int>(record.size()));
    if (size <= kRecordHeader) return NGTCP2_ERR_CALLBACK_FAILURE;
    return ngtcp2_conn_submit_crypto_data(conn, NGTCP2_ENCRYPTION_LEVEL_INITIAL,
                                          record.data() + kRecordHeader,
                                          static_cast<std::size_t>(size - kRecordHeader));
  }

  void receive(const Datagram& datagram) {
    quic::Path path{datagram.local, datagram.remote};
    const ngtcp2_path view = path.view();
    const ngtcp2_pkt_info info{};
    const int result =
        ngtcp2_conn_read_pkt(conn_.get(), &view, &info, quic::as_u8(datagram.bytes.data()),
                             datagram.bytes.size(), quic::to_stamp(w_.world.clock.now()));
    if (result == NGTCP2_ERR_DRAINING) closed = ngtcp2_conn_get_ccerr(conn_.get())->error_code;
  }

  QuicWorld& w_;
  SimNetwork::Port& port_;
  tls::SslPtr ssl_;
  quic::ConnPtr conn_;
  ngtcp2_crypto_ossl_ctx* context_ = nullptr;
};

TEST_CASE("A ClientHello without QUIC's transport parameters is refused before there is anything") {
  QuicWorld w;
  BareClient client(w);
  client.send();
  w.run_until([&] { return client.closed.has_value(); }, 5s);
  CHECK(client.closed == 0x16d);  // RFC 9001 §8.2: missing_extension
  CHECK(w.log.made == 0);
  CHECK(w.endpoint->counters().handshakes == 0);
  REQUIRE(w.run_until([&] { return w.endpoint->objects() == 0; }));
}

}  // namespace
}  // namespace troika::test
