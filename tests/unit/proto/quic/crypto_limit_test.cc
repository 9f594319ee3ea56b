// How much of TLS a peer may send.
#include "proto/quic/callbacks.h"
#include "quic_world.h"

namespace troika::test {
namespace {

// OpenSSL sends these in the ClientHello as they are, in lists of 255 bytes at most.
std::vector<std::string> protocols(std::size_t bytes) {
  std::vector<std::string> all{"h3"};
  for (; bytes > 1; bytes -= std::min<std::size_t>(bytes, 256)) {
    all.emplace_back(std::min<std::size_t>(bytes, 256) - 1, 'x');
  }
  return all;
}

TEST_CASE("A ClientHello of 16 KiB at most is read, a larger one ends the connection") {
  for (const std::size_t list : {14'000U, 18'000U, 60'000U}) {
    CAPTURE(list);
    QuicWorld w;
    ClientSide& client = w.connect({}, client_tls(protocols(list)));
    CHECK(w.establish(client) == (list == 14'000));
    w.world.run_for(1s);
    CHECK(w.endpoint->counters().handshakes == (list == 14'000 ? 1 : 0));
    if (list == 14'000) continue;
    CHECK(client.quic->close_reason().detail == "closed by the peer with CRYPTO_BUFFER_EXCEEDED");
    w.world.run_for(60s);
    CHECK(w.endpoint->objects() == 0);
  }
}

TEST_CASE("A level has room for what an honest peer sends at it") {
  CHECK(quic::most_crypto_bytes(NGTCP2_ENCRYPTION_LEVEL_INITIAL) == 16U << 10U);
  CHECK(quic::most_crypto_bytes(NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE) == 64U << 10U);
  CHECK(quic::most_crypto_bytes(NGTCP2_ENCRYPTION_LEVEL_1RTT) == 256U << 10U);
}

}  // namespace
}  // namespace troika::test
