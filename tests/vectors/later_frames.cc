// Frames in packets that only this client can have sent: RFC 9000 §12.4 and §19, catalogue Q-10 to
// An error ends the connection.
#include "rows.h"
#include "unit/proto/h3/wire.h"

namespace troika::vectors {
namespace {

using test::varint;

constexpr std::uint64_t kFlowControl = 0x03, kStreamLimit = 0x04, kStreamState = 0x05,
                        kFinalSize = 0x06, kFrameEncoding = 0x07, kIdLimit = 0x09,
                        kProtocolViolation = 0x0a, kCryptoBuffer = 0x0d,
                        kUnexpectedMessage = 0x100 + 10;
constexpr std::uint64_t kMost = (1ULL << 62U) - 1, kMostStreams = 1ULL << 60U;
// Streams: of the client, 100 of either kind at most, and of the server, which has opened none.
constexpr std::uint64_t kBidi = 0, kUni = 2, kServersBidi = 1, kServersUni = 3;

std::string numbers(std::initializer_list<std::uint64_t> all) {
  std::string text;
  for (const std::uint64_t each : all) text += varint(each);
  return text;
}
// STREAM with its offset, its length and, if `fin`, its end.
std::string stream(std::uint64_t id, std::uint64_t offset, std::string_view text,
                   bool fin = false) {
  return numbers({fin ? 15U : 14U, id, offset, text.size()}) + std::string(text);
}
std::string new_id(std::uint64_t number, std::uint64_t retired, std::size_t size, char fill) {
  return numbers({24, number, retired}) + static_cast<char>(size) + std::string(size, fill) +
         std::string(16, fill);
}
std::string crypto(std::uint64_t offset, std::string_view text) {
  return numbers({6, offset, text.size()}) + std::string(text);
}

class Rows {
 public:
  std::vector<FrameRow> all;
  void handshake(std::string_view name, std::uint64_t code, std::string frames) {
    all.push_back(
        {"in Handshake: " + std::string(name), Level::handshake, std::move(frames), code});
  }
  void later(std::string_view name, std::uint64_t code, std::string frames) {
    all.push_back({std::string(name), Level::later, std::move(frames), code});
  }
  void put_up(std::string_view name, std::string frames) {
    all.push_back({std::string(name), Level::later, std::move(frames), std::nullopt});
  }
};

void not_in_handshake(Rows& rows) {
  for (const auto& [name, frames] : later_frames()) {
    rows.handshake("Q-15 " + name, kProtocolViolation, frames);
    rows.handshake("Q-15 behind a PING: " + name, kProtocolViolation, "\x01" + frames);
  }
  for (const std::uint64_t type : {0x1fU, 0x3fU, 0x4000U}) {
    rows.handshake("Q-15 an unknown frame: " + std::to_string(type), kFrameEncoding,
                   varint(type) + "x");
  }
  rows.handshake("Q-12 ACK of what was not sent", kProtocolViolation, numbers({2, 500, 0, 0, 0}));
  rows.handshake("Q-12 ACK with a range below 0", kFrameEncoding, numbers({2, 0, 0, 0, 4}));
  rows.handshake("Q-11 CRYPTO at a far offset", kCryptoBuffer, crypto(1U << 20U, "x"));
  rows.handshake("Q-11 CRYPTO that ends beyond 2^62 - 1", kFrameEncoding, crypto(kMost, "xx"));
  rows.handshake("a ClientHello", kUnexpectedMessage, crypto(0, std::string("\1\0\0\4abcd", 8)));
}

void of_servers(Rows& rows) {
  rows.later("Q-15 HANDSHAKE_DONE of a client", kProtocolViolation, varint(30));
  rows.later("Q-15 NEW_TOKEN of a client", kProtocolViolation, numbers({7, 1}) + "x");
  rows.later("Q-15 DATAGRAM that was not offered", kProtocolViolation, numbers({0x31, 1}) + "x");
  for (const std::uint64_t type : {0x1fU, 0x20U, 0x3fU, 0x4000U}) {
    rows.later("Q-15 an unknown frame: " + std::to_string(type), kFrameEncoding,
               varint(type) + "x");
  }
}

void streams(Rows& rows) {
  rows.later("Q-13 STREAM that the server has not opened", kStreamState,
             stream(kServersBidi, 0, "x"));
  rows.later("Q-13 STREAM on the server's own", kStreamState, stream(kServersUni, 0, "x"));
  rows.later("Q-13 STREAM above the limit", kStreamLimit, stream(400'000, 0, "x"));
  rows.later("Q-13 STREAM of one direction above the limit", kStreamLimit, stream(400'002, 0, "x"));
  rows.later("Q-13 STREAM beyond its window", kFlowControl, stream(kBidi, 1U << 30U, "x"));
  // §19.8 allows either error.
  rows.later("Q-13 STREAM that ends beyond 2^62 - 1", kFlowControl, stream(kBidi, kMost, "xx"));
  rows.later("Q-13 STREAM longer than the packet", kFrameEncoding,
             numbers({14, kBidi, 0, 5000}) + "x");
  rows.later("Q-13 two ends", kFinalSize,
             stream(kBidi, 0, "abc", true) + stream(kBidi, 3, "d", true));
  rows.later("Q-13 bytes behind the end", kFinalSize,
             stream(kBidi, 0, "abc", true) + stream(kBidi, 5, "x"));
  rows.later("Q-13 an end before the bytes", kFinalSize,
             stream(kBidi, 0, "abcde") + stream(kBidi, 0, "abc", true));
  rows.later("Q-13 RESET_STREAM of another size", kFinalSize,
             stream(kBidi, 0, "abc", true) + numbers({4, kBidi, 0, 9}));
  rows.later("Q-13 RESET_STREAM below what came", kFinalSize,
             stream(kBidi, 0, "abcde") + numbers({4, kBidi, 0, 1}));
  rows.later("Q-13 RESET_STREAM beyond the window", kFlowControl,
             numbers({4, kBidi, 0, 1U << 30U}));
  // §11: the code may always be this one. ngtcp2 has it here, and STREAM_STATE_ERROR elsewhere.
  rows.later("Q-13 RESET_STREAM on the server's own", kProtocolViolation,
             numbers({4, kServersUni, 0, 0}));
  rows.later("Q-13 RESET_STREAM that the server has not opened", kStreamState,
             numbers({4, kServersBidi, 0, 0}));
  rows.later("Q-13 STOP_SENDING of what is only received", kStreamState, numbers({5, kUni, 0}));
  rows.later("Q-13 STOP_SENDING that the server has not opened", kStreamState,
             numbers({5, kServersBidi, 0}));
  rows.later("Q-13 MAX_STREAM_DATA of what is only received", kStreamState, numbers({17, kUni, 9}));
  rows.later("Q-13 MAX_STREAM_DATA that the server has not opened", kStreamState,
             numbers({17, kServersBidi, 9}));
  rows.later("Q-13 STREAM_DATA_BLOCKED on the server's own", kStreamState,
             numbers({21, kServersUni, 9}));
  for (const std::uint64_t type : {18U, 19U, 22U, 23U}) {
    const std::string name = type < 20 ? "MAX_STREAMS " : "STREAMS_BLOCKED ";
    rows.later("Q-13 " + name + std::to_string(type) + " above 2^60", kFrameEncoding,
               numbers({type, kMostStreams + 1}));
  }
  // ngtcp2 refuses a STREAMS_BLOCKED above what it granted, which no honest client has use for.
  rows.put_up("MAX_STREAMS of 2^60", numbers({18, kMostStreams}) + numbers({19, kMostStreams}));
  rows.put_up("STREAMS_BLOCKED of what is allowed", numbers({22, 100}) + numbers({23, 3}));
  rows.put_up("MAX_DATA that falls", numbers({16, 1}));
}

void ids(Rows& rows) {
  rows.later("Q-10 an id of no bytes", kFrameEncoding, new_id(1, 0, 0, 'x'));
  rows.later("Q-10 an id of 21 bytes", kFrameEncoding, new_id(1, 0, 21, 'x'));
  rows.later("Q-10 an id that retires more than there are", kFrameEncoding, new_id(1, 2, 8, 'x'));
  rows.later("Q-10 two ids of one number", kProtocolViolation,
             new_id(1, 0, 8, 'x') + new_id(1, 0, 8, 'y'));
  rows.later("Q-10 one id of two numbers", kProtocolViolation,
             new_id(1, 0, 8, 'x') + new_id(2, 0, 8, 'x'));
  std::string many;
  for (std::uint64_t i = 1; i <= 9; ++i) {
    many += numbers({24, i, 0}) + "\x01" + static_cast<char>('a' + i) + std::string(16, 'x');
  }
  rows.later("Q-10 more ids than the server keeps", kIdLimit, many);
  rows.later("Q-10 RETIRE_CONNECTION_ID that was never given", kProtocolViolation,
             numbers({25, 500}));
  rows.put_up("PATH_RESPONSE that nothing asked for", varint(27) + "12345678");
}

void others(Rows& rows) {
  rows.later("Q-12 ACK of what was not sent", kProtocolViolation, numbers({2, 5000, 0, 0, 0}));
  rows.later("Q-12 ACK with a range below 0", kFrameEncoding, numbers({2, 0, 0, 0, 4}));
  rows.later("Q-11 CRYPTO at a far offset", kCryptoBuffer, crypto(1U << 21U, "x"));
  rows.later("T-03 KeyUpdate of TLS", kUnexpectedMessage,
             crypto(0, std::string("\x18\0\0\1\0", 5)));
  rows.later("a ClientHello after the handshake", kUnexpectedMessage,
             crypto(0, std::string("\1\0\0\4abcd", 8)));
}

}  // namespace

std::vector<FrameRow> frame_rows() {
  Rows rows;
  not_in_handshake(rows);
  of_servers(rows);
  streams(rows);
  ids(rows);
  others(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
