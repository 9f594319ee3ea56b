// Frames in a client's first packet that RFC 9000 §12.4, §17.2, §19 and §7.5 or TLS do not allow:
// catalogue.
#include "rows.h"
#include "unit/proto/h3/wire.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;
using test::varint;

constexpr std::uint64_t kFrameEncoding = 7, kProtocolViolation = 10, kBufferExceeded = 13;
constexpr std::uint64_t kUnexpectedMessage = 0x100 + 10, kDecodeError = 0x100 + 50;

std::string crypto(std::uint64_t offset, std::string_view text) {
  return varint(6) + varint(offset) + varint(text.size()) + std::string(text);
}

class Rows {
 public:
  std::vector<InitialRow> all;
  void add(std::string name, std::uint64_t code, std::string frames) {
    all.push_back({std::move(name), std::move(frames), code});
  }
  void first(std::string name, std::uint64_t code, std::string frames) {
    all.push_back({std::move(name), std::move(frames), code, true});
  }
};

void not_here(Rows& rows) {
  const std::vector<std::pair<std::string, std::string>> frames{
      {"RESET_STREAM", varint(4) + varint(0) + varint(0) + varint(0)},
      {"STOP_SENDING", varint(5) + varint(0) + varint(0)},
      {"NEW_TOKEN", varint(7) + varint(1) + "x"},
      {"STREAM", varint(8) + varint(0) + "x"},
      {"STREAM with all bits", varint(15) + varint(0) + varint(0) + varint(1) + "x"},
      {"MAX_DATA", varint(16) + varint(9)},
      {"MAX_STREAM_DATA", varint(17) + varint(0) + varint(9)},
      {"MAX_STREAMS", varint(18) + varint(9)},
      {"MAX_STREAMS of one direction", varint(19) + varint(9)},
      {"DATA_BLOCKED", varint(20) + varint(9)},
      {"STREAM_DATA_BLOCKED", varint(21) + varint(0) + varint(9)},
      {"STREAMS_BLOCKED", varint(22) + varint(9)},
      {"STREAMS_BLOCKED of one direction", varint(23) + varint(9)},
      {"NEW_CONNECTION_ID", varint(24) + varint(1) + varint(0) + "\x08" + std::string(8 + 16, 'x')},
      {"RETIRE_CONNECTION_ID", varint(25) + varint(0)},
      {"PATH_CHALLENGE", varint(26) + "12345678"},
      {"PATH_RESPONSE", varint(27) + "12345678"},
      {"CONNECTION_CLOSE of an application", varint(29) + varint(0) + varint(0)},
      {"HANDSHAKE_DONE", varint(30)},
      {"DATAGRAM", varint(0x31) + varint(1) + "x"}};
  for (const auto& [name, text] : frames) {
    rows.add("Q-15 in an Initial: " + name, kProtocolViolation, text);
    rows.add("Q-15 in an Initial behind a PING: " + name, kProtocolViolation, "\x01" + text);
  }
}

void unknown(Rows& rows) {
  for (const std::uint64_t type : {0x1fU, 0x20U, 0x2fU, 0x3fU, 0x4000U}) {
    rows.add("Q-15 an unknown frame: " + std::to_string(type), kFrameEncoding, varint(type) + "x");
  }
  rows.add("Q-15 a type of 8 bytes", kFrameEncoding, varint((1ULL << 62U) - 1));
  rows.add("Q-15 a PING in two bytes", kProtocolViolation, "\x40\x01");
  rows.add("Q-15 CRYPTO in four bytes", kProtocolViolation, std::string("\x80\0\0\x06\0\x01x"sv));
}

void acknowledgements(Rows& rows) {
  const std::string ack = varint(2);
  rows.add("Q-12 ACK of what was not sent", kProtocolViolation,
           ack + varint(5) + varint(0) + varint(0) + varint(0));
  rows.add("Q-12 ACK of far more than was sent", kProtocolViolation,
           ack + varint(1'000'000) + varint(0) + varint(0) + varint(0));
  rows.add("Q-12 ACK with a range below 0", kFrameEncoding,
           ack + varint(3) + varint(0) + varint(0) + varint(4));
  rows.add("Q-12 ACK with a gap below 0", kFrameEncoding,
           ack + varint(3) + varint(0) + varint(1) + varint(1) + varint(2) + varint(0));
  rows.add("Q-12 ACK with a second range below 0", kFrameEncoding,
           ack + varint(9) + varint(0) + varint(1) + varint(1) + varint(1) + varint(9));
  rows.add("Q-12 ACK with more ranges than bytes", kFrameEncoding,
           ack + varint(9) + varint(0) + varint(5'000) + varint(0));
  rows.add("Q-12 ACK with 2^62 - 1 ranges", kFrameEncoding,
           ack + varint(9) + varint(0) + varint((1ULL << 62U) - 1) + varint(0));
}

void handshakes(Rows& rows) {
  rows.add("Q-11 CRYPTO longer than the packet", kFrameEncoding,
           varint(6) + varint(0) + varint(5'000) + "x");
  rows.add("Q-11 CRYPTO of 2^62 - 1 bytes", kFrameEncoding,
           varint(6) + varint(0) + varint((1ULL << 62U) - 1) + "x");
  rows.add("Q-11 CRYPTO that ends beyond 2^62 - 1", kFrameEncoding,
           crypto((1ULL << 62U) - 1, "xx"));
  rows.add("Q-11 CRYPTO at a far offset", kBufferExceeded, crypto(1U << 20U, "x"));
  rows.add("CONNECTION_CLOSE with a reason longer than the packet", kFrameEncoding,
           varint(28) + varint(0) + varint(0) + varint(5'000));
  for (const unsigned type : {0U, 2U, 4U, 8U, 11U, 13U, 15U, 20U, 24U, 254U}) {
    rows.first("TLS: a first message of type " + std::to_string(type), kUnexpectedMessage,
               crypto(0, std::string(1, static_cast<char>(type)) + std::string("\0\0\x04"
                                                                               "1234"sv)));
  }
  rows.first("TLS: an empty ClientHello", kDecodeError, crypto(0, "\x01\0\0\0"sv));
  rows.first("TLS: a ClientHello of its version alone", kDecodeError,
             crypto(0, "\x01\0\0\x02\x03\x03"sv));
  rows.first("TLS: a ClientHello without cipher suites", kDecodeError,
             crypto(0, std::string("\x01\0\0\x23\x03\x03"sv) + std::string(33, '\0')));
}

}  // namespace

std::vector<InitialRow> initial_rows() {
  Rows rows;
  not_here(rows);
  unknown(rows);
  acknowledgements(rows);
  handshakes(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
