// Frames in a client's first packets that RFC 9000 §12.4 and §19 or TLS do not allow: catalogue
//
#include <algorithm>
#include <iterator>

#include "rows.h"
#include "unit/proto/h3/wire.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;
using test::varint;

constexpr std::uint64_t kUnexpectedMessage = 0x100 + 10, kDecodeError = 0x100 + 50;

std::string crypto(std::uint64_t offset, std::string_view text) {
  return varint(6) + varint(offset) + varint(text.size()) + std::string(text);
}

class Rows {
 public:
  std::vector<InitialRow> all;
  void dropped(std::string name, std::string frames) {
    all.push_back({std::move(name), std::move(frames)});
  }
  void ended(std::string name, std::uint64_t code, std::string frames) {
    all.push_back({std::move(name), std::move(frames), code});
  }
};

void not_here(Rows& rows) {
  for (const auto& [name, text] : later_frames()) {
    rows.dropped("Q-15 in an Initial: " + name, text);
    rows.dropped("Q-15 in an Initial behind a PING: " + name, "\x01" + text);
  }
}

void unknown(Rows& rows) {
  for (const std::uint64_t type : {0x1fU, 0x20U, 0x2fU, 0x3fU, 0x4000U}) {
    rows.dropped("Q-15 an unknown frame: " + std::to_string(type), varint(type) + "x");
  }
  rows.dropped("Q-15 a type of 8 bytes", varint((1ULL << 62U) - 1));
  rows.dropped("Q-15 a PING in two bytes", "\x40\x01");
  rows.dropped("Q-15 CRYPTO in four bytes", std::string("\x80\0\0\x06\0\x01x"sv));
}

void acknowledgements(Rows& rows) {
  const std::string ack = varint(2);
  rows.dropped("Q-12 ACK of what was not sent",
               ack + varint(5) + varint(0) + varint(0) + varint(0));
  rows.dropped("Q-12 ACK of far more than was sent",
               ack + varint(1'000'000) + varint(0) + varint(0) + varint(0));
  rows.dropped("Q-12 ACK with a range below 0",
               ack + varint(3) + varint(0) + varint(0) + varint(4));
  rows.dropped("Q-12 ACK with a gap below 0",
               ack + varint(3) + varint(0) + varint(1) + varint(1) + varint(2) + varint(0));
  rows.dropped("Q-12 ACK with a second range below 0",
               ack + varint(9) + varint(0) + varint(1) + varint(1) + varint(1) + varint(9));
  rows.dropped("Q-12 ACK with more ranges than bytes",
               ack + varint(9) + varint(0) + varint(5'000) + varint(0));
  rows.dropped("Q-12 ACK with 2^62 - 1 ranges",
               ack + varint(9) + varint(0) + varint((1ULL << 62U) - 1) + varint(0));
}

void handshakes(Rows& rows) {
  rows.dropped("Q-11 CRYPTO longer than the packet", varint(6) + varint(0) + varint(5'000) + "x");
  rows.dropped("Q-11 CRYPTO of 2^62 - 1 bytes",
               varint(6) + varint(0) + varint((1ULL << 62U) - 1) + "x");
  rows.dropped("Q-11 CRYPTO that ends beyond 2^62 - 1", crypto((1ULL << 62U) - 1, "xx"));
  rows.dropped("Q-11 CRYPTO at a far offset", crypto(1U << 20U, "x"));
  rows.dropped("CONNECTION_CLOSE with a reason longer than the packet",
               varint(28) + varint(0) + varint(0) + varint(5'000));
  for (const unsigned type : {0U, 2U, 4U, 8U, 11U, 13U, 15U, 20U, 24U, 254U}) {
    rows.ended("TLS: a first message of type " + std::to_string(type), kUnexpectedMessage,
               crypto(0, std::string(1, static_cast<char>(type)) + std::string("\0\0\x04"
                                                                               "1234"sv)));
  }
  rows.ended("TLS: an empty ClientHello", kDecodeError, crypto(0, "\x01\0\0\0"sv));
  rows.ended("TLS: a ClientHello of its version alone", kDecodeError,
             crypto(0, "\x01\0\0\x02\x03\x03"sv));
  rows.ended("TLS: a ClientHello without cipher suites", kDecodeError,
             crypto(0, std::string("\x01\0\0\x23\x03\x03"sv) + std::string(33, '\0')));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> later_frames() {
  return {
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
}

std::vector<InitialRow> initial_rows() {
  Rows rows;
  not_here(rows);
  unknown(rows);
  acknowledgements(rows);
  handshakes(rows);
  std::ranges::move(hello_rows(), std::back_inserter(rows.all));
  return std::move(rows.all);
}

}  // namespace troika::vectors
