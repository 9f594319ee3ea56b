#pragma once
// Datagrams made by hand, for what needs no keys.
#include <cstddef>
#include <map>
#include <vector>

#include "quic_world.h"

namespace troika::test {

using Bytes = std::vector<std::byte>;

inline constexpr std::uint32_t kV1 = 1, kV2 = 0x6b3343cf;  // RFC 9000 §15, RFC 9369 §3.1

// RFC 8999 §5.1: what every version's long header begins with.
inline Bytes long_header(std::uint32_t version, const Bytes& dcid, const Bytes& scid,
                         std::size_t size, std::byte first = std::byte{0xc0}) {
  Bytes packet{first};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) packet.push_back(std::byte(version >> shift));
  packet.push_back(std::byte(dcid.size()));
  packet.insert(packet.end(), dcid.begin(), dcid.end());
  packet.push_back(std::byte(scid.size()));
  packet.insert(packet.end(), scid.begin(), scid.end());
  packet.resize(size);
  return packet;
}

// Strangers that send what is made by hand.
inline Address stranger(std::size_t i = 0) {
  return Address::v4(0x0a000300, static_cast<std::uint16_t>(1024 + i));
}

// A short header with an id of the length that the endpoint gives out.
inline Bytes short_header(std::size_t size, std::byte first_of_id = std::byte{0}) {
  Bytes packet(size, std::byte{0x5a});
  packet[0] = std::byte{0x40};
  packet[1] = first_of_id;
  return packet;
}

// RFC 9000 §8.1, at every datagram: to no client more than three times what came from it.
inline bool within_limit(QuicWorld& w) {
  struct Balance {
    std::size_t in = 0, out = 0;
  };
  std::multimap<std::pair<TimePoint, bool>, const sim::Sent*> events;  // arrivals come first
  for (const sim::Sent& each : w.world.net.log()) {
    if (each.fate == sim::Fate::unreachable) continue;  // to those who are only made up
    if (each.from == w.port.address()) {
      events.insert({{each.at, true}, &each});
    } else if (each.arrived()) {
      events.insert({{each.arrives, false}, &each});
    }
  }
  std::map<std::string, Balance> of;
  for (const auto& [when, each] : events) {
    Balance& balance = of[(when.second ? each->to : each->from).text()];
    (when.second ? balance.out : balance.in) += each->bytes;
    if (balance.out > 3 * balance.in) return false;
  }
  return true;
}

// Takes what a port receives, in place of a client.
class Catcher {
 public:
  Catcher(QuicWorld& world, const Address& address) : port_(world.world.net.open(address)) {
    world.world.net.link(world.port.address(), address).delay = Duration(0);
    port_.receiver = [this](const Datagram& datagram) {
      caught.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
    };
  }
  ~Catcher() { port_.receiver = nullptr; }
  Catcher(const Catcher&) = delete;
  Catcher& operator=(const Catcher&) = delete;

  std::vector<Bytes> caught;

 private:
  SimNetwork::Port& port_;
};

// The first datagrams of a client that nobody hears, and that may give up at once.
inline std::vector<Bytes> first_flight(QuicWorld& w, bool gives_up = false) {
  struct Sink final : DatagramSink {
    std::vector<Bytes> sent;
    SendOutcome send(const Datagram& datagram) override {
      std::span<const std::byte> rest = datagram.bytes;
      const std::size_t each = datagram.segment_bytes == 0 ? rest.size() : datagram.segment_bytes;
      while (!rest.empty()) {
        const auto one = rest.first(std::min(each, rest.size()));
        sent.emplace_back(one.begin(), one.end());
        rest = rest.subspan(one.size());
      }
      return SendOutcome::sent;
    }
  } sink;
  ScriptLog log;
  const auto client = w.make_client(w.client_address(99), sink, log);
  if (gives_up) (*client)->close(0x100, w.world.clock.now());
  while ((*client)->flush(w.world.clock.now())) {
  }
  return sink.sent;
}

// First packets of a client of its own each time: the beginning of its ClientHello, the rest of it,
// one that does not decrypt, and what a client that gives up at once sends last.
inline Bytes beginning(QuicWorld& w) { return first_flight(w).at(0); }
inline Bytes later_part(QuicWorld& w) { return first_flight(w).at(1); }
inline Bytes undecryptable(QuicWorld& w) {
  Bytes packet = beginning(w);
  packet.back() ^= std::byte{1};
  return packet;
}
inline Bytes farewell(QuicWorld& w) { return first_flight(w, true).back(); }

}  // namespace troika::test
