#pragma once
// A client of QUIC whose TLS is right, and that sends frames made by hand in one packet of a level.
#include <ngtcp2/ngtcp2_crypto.h>

#include <memory>
#include <optional>
#include <string>

#include "proto/quic/ossl_session.h"
#include "rows.h"
#include "unit/proto/quic/packets.h"

namespace troika::vectors {

class FrameClient {
 public:
  explicit FrameClient(test::QuicWorld& world);
  ~FrameClient();
  FrameClient(const FrameClient&) = delete;
  FrameClient& operator=(const FrameClient&) = delete;

  // The first packet of that level has these frames, and PADDING, in place of its own. How the
  // server has ended the connection for it; none: it has not.
  std::optional<std::uint64_t> send(Level level, const std::string& frames);

 private:
  static int encrypt(std::uint8_t* to, const ngtcp2_crypto_aead* aead,
                     const ngtcp2_crypto_aead_ctx* context, const std::uint8_t* text,
                     std::size_t size, const std::uint8_t* nonce, std::size_t nonce_size,
                     const std::uint8_t* head, std::size_t head_size);
  void turn();
  void write_stream();
  void inject(test::Bytes& packet, ngtcp2_ssize size);
  void receive(const Datagram& datagram);

  test::QuicWorld& world_;
  test::SimNetwork::Port& port_;
  std::unique_ptr<quic::OsslSession> session_;
  Level level_{};
  std::string frames_;  // to come; empty: they are sent
  std::optional<std::uint64_t> closed_;
};

}  // namespace troika::vectors
