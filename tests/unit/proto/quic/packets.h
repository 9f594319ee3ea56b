#pragma once
// Datagrams made by hand, for what needs no keys.
#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <vector>

#include "quic_world.h"

namespace troika::test {

using Bytes = std::vector<std::byte>;

inline constexpr std::uint32_t kV1 = 1, kV2 = 0x6b3343cf;  // RFC 9000 §15, RFC 9369 §3.1

// RFC 8999 §5.1: what every version's long header begins with.
Bytes long_header(std::uint32_t version, const Bytes& dcid, const Bytes& scid, std::size_t size,
                  std::byte first = std::byte{0xc0});

// For an ngtcp2 client of a test's own: what is the same for all. Its randomness is constant.
ngtcp2_callbacks client_callbacks();

// Strangers that send what is made by hand.
Address stranger(std::size_t i = 0);

// A short header with an id of the length that the endpoint gives out.
Bytes short_header(std::size_t size, std::byte first_of_id = std::byte{0});

// RFC 9000 §8.1, at every datagram: to no client more than three times what came from it.
bool within_limit(QuicWorld& w);

// Takes what a port receives, in place of a client.
class Catcher {
 public:
  Catcher(QuicWorld& world, const Address& address);
  ~Catcher() { port_.receiver = nullptr; }
  Catcher(const Catcher&) = delete;
  Catcher& operator=(const Catcher&) = delete;

  std::vector<Bytes> caught;

 private:
  SimNetwork::Port& port_;
};

// The first datagrams of a client that nobody hears, and that may give up at once.
std::vector<Bytes> first_flight(QuicWorld& w, bool gives_up = false);

// First packets of a client of its own each time: the beginning of its ClientHello, the rest of it,
// one that does not decrypt, and what a client that gives up at once sends last.
Bytes beginning(QuicWorld& w);
Bytes later_part(QuicWorld& w);
Bytes undecryptable(QuicWorld& w);
Bytes farewell(QuicWorld& w);

}  // namespace troika::test
