#include "packets.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>
#include <map>
#include <utility>

namespace troika::test {

Bytes long_header(std::uint32_t version, const Bytes& dcid, const Bytes& scid, std::size_t size,
                  std::byte first) {
  Bytes packet{first};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) packet.push_back(std::byte(version >> shift));
  packet.push_back(std::byte(dcid.size()));
  packet.insert(packet.end(), dcid.begin(), dcid.end());
  packet.push_back(std::byte(scid.size()));
  packet.insert(packet.end(), scid.begin(), scid.end());
  packet.resize(size);
  return packet;
}
ngtcp2_callbacks client_callbacks() {
  ngtcp2_callbacks callbacks{};
  callbacks.decrypt = ngtcp2_crypto_decrypt_cb;
  callbacks.hp_mask = ngtcp2_crypto_hp_mask_cb;
  callbacks.recv_retry = ngtcp2_crypto_recv_retry_cb;
  callbacks.update_key = ngtcp2_crypto_update_key_cb;
  callbacks.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  callbacks.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  callbacks.get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb;
  callbacks.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
  callbacks.rand = [](std::uint8_t* into, std::size_t size, const ngtcp2_rand_ctx*) {
    std::fill_n(into, size, std::uint8_t{7});
  };
  return callbacks;
}
Address stranger(std::size_t i) {
  return Address::v4(0x0a000300, static_cast<std::uint16_t>(1024 + i));
}
Bytes short_header(std::size_t size, std::byte first_of_id) {
  Bytes packet(size, std::byte{0x5a});
  packet[0] = std::byte{0x40};
  packet[1] = first_of_id;
  return packet;
}
bool within_limit(QuicWorld& w) {
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

Catcher::Catcher(QuicWorld& world, const Address& address) : port_(world.world.net.open(address)) {
  world.world.net.link(world.port.address(), address).delay = Duration(0);
  port_.receiver = [this](const Datagram& datagram) {
    caught.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
  };
}

std::vector<Bytes> first_flight(QuicWorld& w, bool gives_up) {
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
Bytes beginning(QuicWorld& w) { return first_flight(w).at(0); }
Bytes later_part(QuicWorld& w) { return first_flight(w).at(1); }
Bytes undecryptable(QuicWorld& w) {
  Bytes packet = beginning(w);
  packet.back() ^= std::byte{1};
  return packet;
}
Bytes farewell(QuicWorld& w) { return first_flight(w, true).back(); }

}  // namespace troika::test
