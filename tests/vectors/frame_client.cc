#include "frame_client.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "proto/quic/convert.h"

namespace troika::vectors {
namespace {

constexpr std::string_view kContent =
    "of a stream, so that the packet has room for the frames of rows";
constexpr std::size_t kPieces = 3;

FrameClient* sending = nullptr;  // ngtcp2 tells encrypt() nothing of the connection

ngtcp2_callbacks make_callbacks() {
  ngtcp2_callbacks callbacks = test::client_callbacks();
  callbacks.client_initial = ngtcp2_crypto_client_initial_cb;
  callbacks.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
  // The sequence numbers of its ids begin with 0, and no others follow.
  callbacks.get_new_connection_id2 = [](ngtcp2_conn*, ngtcp2_cid* id,
                                        ngtcp2_stateless_reset_token* token, std::size_t size,
                                        void*) {
    static std::uint8_t next = 100;
    id->datalen = size;
    std::fill_n(id->data, size, next++);
    *token = {};
    return 0;
  };
  return callbacks;
}

Level level_of(const std::uint8_t* head) {
  constexpr unsigned kLong = 0x80, kType = 0x30, kHandshake = 0x20;
  if ((head[0] & kLong) == 0) return Level::later;
  return (head[0] & kType) == kHandshake ? Level::handshake : Level::initial;
}

}  // namespace

FrameClient::FrameClient(test::QuicWorld& world)
    : world_(world), port_(world.world.net.open(world.client_address(60))) {
  ngtcp2_callbacks callbacks = make_callbacks();
  callbacks.encrypt = encrypt;
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = quic::to_stamp(world_.world.clock.now());
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_streams_uni = 3;
  params.initial_max_data = params.initial_max_stream_data_uni = 1000;
  params.initial_max_stream_data_bidi_local = 1000;
  const ngtcp2_cid own{8, {1, 2, 3, 4, 5, 6, 7, 8}}, server{8, {8, 7, 6, 5, 4, 3, 2, 1}};
  quic::Path path{port_.address(), world_.port.address()};
  const ngtcp2_path view = path.view();
  ngtcp2_conn* conn = nullptr;
  REQUIRE(ngtcp2_conn_client_new(&conn, &server, &own, &view, test::kV1, &callbacks, &settings,
                                 &params, nullptr, this) == 0);
  session_ = quic::OsslSession::make(quic::OsslSession::Side::client, quic::ConnPtr(conn),
                                     test::client_tls().new_ssl("localhost"));
  REQUIRE(session_ != nullptr);
  port_.receiver = [this](const Datagram& datagram) { receive(datagram); };
}

FrameClient::~FrameClient() {
  port_.receiver = nullptr;
  sending = nullptr;
}

std::optional<std::uint64_t> FrameClient::send(Level level, const std::string& frames) {
  constexpr int kTurns = 20;
  level_ = level;
  frames_ = frames;
  for (int i = 0; i < kTurns && !closed_; ++i) turn();
  REQUIRE(frames_.empty());
  return closed_;
}

int FrameClient::encrypt(std::uint8_t* to, const ngtcp2_crypto_aead* aead,
                         const ngtcp2_crypto_aead_ctx* context, const std::uint8_t* text,
                         std::size_t size, const std::uint8_t* nonce, std::size_t nonce_size,
                         const std::uint8_t* head, std::size_t head_size) {
  std::string own;
  if (!sending->frames_.empty() && level_of(head) == sending->level_) {
    own = std::exchange(sending->frames_, {});
    REQUIRE(own.size() <= size);
    own.resize(size);
    text = reinterpret_cast<const std::uint8_t*>(own.data());
  }
  return ngtcp2_crypto_encrypt_cb(to, aead, context, text, size, nonce, nonce_size, head,
                                  head_size);
}

void FrameClient::turn() {
  sending = this;
  ngtcp2_conn* const conn = session_->conn();
  ngtcp2_ssize size = 0;
  do {
    test::Bytes packet(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
    ngtcp2_pkt_info info{};
    size = ngtcp2_conn_write_pkt(conn, nullptr, &info, quic::as_u8(packet.data()), packet.size(),
                                 quic::to_stamp(world_.world.clock.now()));
    inject(packet, size);
  } while (size > 0 && !closed_);
  if (level_ == Level::later && ngtcp2_conn_get_handshake_completed(conn) != 0) write_stream();
  world_.world.run_for(std::chrono::milliseconds(30));
}

void FrameClient::write_stream() {
  if (frames_.empty() || closed_) return;
  std::int64_t id = 0;
  REQUIRE(ngtcp2_conn_open_bidi_stream(session_->conn(), &id, nullptr) == 0);
  test::Bytes packet(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
  ngtcp2_pkt_info info{};
  const ngtcp2_vec piece{
      const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(kContent.data())),
      kContent.size()};
  const std::array<ngtcp2_vec, kPieces> pieces{piece, piece, piece};
  ngtcp2_ssize taken = 0;
  inject(packet,
         ngtcp2_conn_writev_stream(session_->conn(), nullptr, &info, quic::as_u8(packet.data()),
                                   packet.size(), &taken, 0, id, pieces.data(), pieces.size(),
                                   quic::to_stamp(world_.world.clock.now())));
}

void FrameClient::inject(test::Bytes& packet, ngtcp2_ssize size) {
  REQUIRE(size >= 0);
  if (size == 0) return;
  packet.resize(static_cast<std::size_t>(size));
  world_.inject(packet, port_.address());
}

void FrameClient::receive(const Datagram& datagram) {
  if (closed_) return;
  sending = this;
  quic::Path path{datagram.local, datagram.remote};
  const ngtcp2_path view = path.view();
  const ngtcp2_pkt_info info{};
  const int result =
      ngtcp2_conn_read_pkt(session_->conn(), &view, &info, quic::as_u8(datagram.bytes.data()),
                           datagram.bytes.size(), quic::to_stamp(world_.world.clock.now()));
  if (result == NGTCP2_ERR_DRAINING) {
    closed_ = ngtcp2_conn_get_ccerr(session_->conn())->error_code;
  } else {
    CHECK(result == 0);
  }
}

}  // namespace troika::vectors
