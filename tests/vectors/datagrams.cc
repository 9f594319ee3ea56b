// Datagrams that begin no connection: RFC 8999, RFC 9000 §5.2, §6, §10.3, §14.1 and §17, catalogue
//
#include "rows.h"
#include "unit/proto/quic/packets.h"

namespace troika::vectors {
namespace {

using test::Bytes;

constexpr std::uint32_t kUnknown = 0x1a2a3a4a;
const Bytes kId8(8, std::byte{0x11}), kId5(5, std::byte{0x22});

Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes all;
  for (const unsigned value : values) all.push_back(std::byte(value));
  return all;
}
Bytes filled(unsigned first, std::size_t size) {
  Bytes all(size, std::byte{0x5a});
  all[0] = std::byte(first);
  return all;
}
// A whole Initial of version 1 that nothing but its key is wrong with, changed at some places.
Bytes initial(std::size_t size, std::initializer_list<std::pair<std::size_t, unsigned>> changes) {
  Bytes packet = test::long_header(test::kV1, kId8, kId5, size);
  packet[20] = std::byte{0x44};  // behind a token of no bytes: the length, 1178
  packet[21] = std::byte{0x9a};
  for (const auto& [at, value] : changes) packet[at] = std::byte(value);
  return packet;
}

class Rows {
 public:
  std::vector<DatagramRow> all;
  void add(std::string name, Bytes packet, Reply reply = Reply::none) {
    all.push_back({std::move(name), std::move(packet), reply});
  }
};

void sizes(Rows& rows) {
  for (const std::size_t size : {1U, 2U, 5U, 6U, 20U}) {
    rows.add("Q-02 a long header of " + std::to_string(size) + " bytes", filled(0xc0, size));
    rows.add("Q-02 a short header of " + std::to_string(size) + " bytes", filled(0x40, size));
  }
  for (const std::size_t size : {100U, 1199U}) {
    rows.add("Q-02 an Initial of " + std::to_string(size) + " bytes", initial(size, {}));
  }
  // Short headers without the fixed bit: a peer that greases it (RFC 9287) may send them.
  rows.add("Q-02 zeros", Bytes(1200), Reply::reset);
  rows.add("Q-02 ones", Bytes(1200, std::byte{0xff}), Reply::versions);
  rows.add("Q-02 1500 zeros", Bytes(1500), Reply::reset);
}

void initials(Rows& rows) {
  rows.add("Q-02 an Initial without the fixed bit", initial(1200, {{0, 0x80}}));
  rows.add("Q-02 an Initial to an id of 7 bytes", test::long_header(1, Bytes(7), kId5, 1200));
  rows.add("Q-02 an Initial to an id of no bytes", test::long_header(1, {}, kId5, 1200));
  rows.add("Q-02 an Initial to an id of 21 bytes", test::long_header(1, Bytes(21), kId5, 1200));
  rows.add("Q-02 an Initial from an id of 21 bytes", test::long_header(1, kId8, Bytes(21), 1200));
  rows.add("Q-02 an Initial from an id of 255 bytes", test::long_header(1, kId8, Bytes(255), 1200));
  rows.add("Q-02 an id that ends behind the datagram", initial(1200, {{5, 0xff}}));
  rows.add("Q-06 a token that ends behind the datagram", initial(1200, {{19, 0x7f}, {20, 0xff}}));
  rows.add("Q-06 a token of 2^62 - 1 bytes",
           initial(1200, {{19, 0xff}, {20, 0xff}, {21, 0xff}, {22, 0xff}}));
  rows.add("Q-02 a length behind the datagram", initial(1200, {{20, 0x7f}, {21, 0xff}}));
  rows.add("Q-02 a length of no bytes", initial(1200, {{20, 0}, {21, 0}}));
  rows.add("Q-02 a length too short for a sample", initial(1200, {{20, 0x40}, {21, 0x13}}));
  rows.add("Q-02 a length of 2^62 - 1", initial(1200, {{20, 0xff}, {21, 0xff}, {22, 0xff}}));
  rows.add("Q-02 an Initial that does not decrypt", initial(1200, {}));
  rows.add("Q-02 an Initial that does not decrypt, large", initial(1400, {}));
  rows.add("Q-04 an Initial and junk behind it", initial(1300, {{1250, 0xc0}}));
  rows.add("Q-04 an Initial and a short header behind it", initial(1300, {{1200, 0x40}}));
  rows.add("an Initial of version 2 that does not decrypt",
           test::long_header(test::kV2, kId8, kId5, 1200, std::byte{0xd0}));
  for (const auto& [name, first] : std::initializer_list<std::pair<const char*, unsigned>>{
           {"0-RTT", 0xd0}, {"Handshake", 0xe0}, {"Retry", 0xf0}}) {
    const std::string text = name;
    rows.add(text + " for no connection", initial(1200, {{0, first}}));
    rows.add(text + " for no connection, small", initial(100, {{0, first}}));
    rows.add(text + " for no connection, of version 2",
             test::long_header(test::kV2, kId8, kId5, 1200,
                               std::byte(0xc0U | ((first + 0x10U) & 0x30U))));
    rows.add(text + " without the fixed bit", initial(1200, {{0, first & 0xbfU}}));
  }
}

void versions(Rows& rows) {
  rows.add("Q-07 an unknown version", test::long_header(kUnknown, kId8, kId5, 1200),
           Reply::versions);
  rows.add("Q-07 an unknown version and ids of 255 bytes",
           test::long_header(kUnknown, Bytes(255), Bytes(255), 1200), Reply::versions);
  rows.add("Q-07 an unknown version and no ids", test::long_header(kUnknown, {}, {}, 1200),
           Reply::versions);
  rows.add("Q-07 a draft's version", test::long_header(0xff00001dU, kId8, kId5, 1200),
           Reply::versions);
  rows.add("Q-07 the version of all ones", test::long_header(0xffffffffU, kId8, kId5, 1200),
           Reply::versions);
  rows.add("Q-07 Google's version", test::long_header(0x51303433U, kId8, kId5, 1200),
           Reply::versions);
  rows.add("Q-07 an unknown version without the fixed bit",
           test::long_header(kUnknown, kId8, kId5, 1200, std::byte{0x80}), Reply::versions);
  rows.add("Q-07 an unknown version of 1199 bytes", test::long_header(kUnknown, kId8, kId5, 1199));
  rows.add("Q-07 an unknown version of 30 bytes", test::long_header(kUnknown, kId8, kId5, 30));
  rows.add("Q-07 Version Negotiation", test::long_header(0, kId8, kId5, 1200));
  rows.add("Q-07 Version Negotiation of 30 bytes", test::long_header(0, kId8, kId5, 30));
  rows.add("Q-07 Version Negotiation without ids", test::long_header(0, {}, {}, 1200));
  Bytes cut = test::long_header(kUnknown, kId8, kId5, 1200);
  cut[14] = std::byte{0xff};
  cut.resize(200);
  rows.add("Q-07 an unknown version and an id behind the datagram", std::move(cut));
}

void resets(Rows& rows) {
  rows.add("Q-08 a short header of 21 bytes", test::short_header(21));
  for (const std::size_t size : {41U, 100U, 1200U}) {
    rows.add("Q-08 a short header of " + std::to_string(size) + " bytes", test::short_header(size),
             Reply::reset);
  }
}

void others(Rows& rows) {
  rows.add("a query of DNS",
           bytes({0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1}));
  rows.add("a request of STUN",
           bytes({0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8}));
  rows.add("a ClientHello of DTLS", bytes({22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}));
  rows.add("RTP", bytes({0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2}));
  rows.add("a line of text", bytes({'G', 'E', 'T', ' ', '/', '\r', '\n'}));
}

}  // namespace

std::vector<DatagramRow> datagram_rows() {
  Rows rows;
  sizes(rows);
  initials(rows);
  versions(rows);
  resets(rows);
  others(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
