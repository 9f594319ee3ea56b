#pragma once
// Frames of QUIC as the input says (RFC 9000 §19), for a peer that keeps to the rules or does not.
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "fuzz/cases.h"
#include "fuzz/h3_writer.h"
#include "unit/proto/h3/frames.h"

namespace troika::fuzz {

class QuicWriter {
 public:
  // client: the one who sends is.
  explicit QuicWriter(bool client) : client_(client) {}

  std::string frame(Input& input) {
    const unsigned kind = input.byte() % 24;
    if (kind < 8) return stream(input);
    using test::varint;
    switch (kind) {
      case 8: return ack(input);
      case 9: return varint(4) + id(input) + varint(0x10c) + varint(number(input));  // RESET_STREAM
      case 10: return varint(5) + id(input) + varint(0x10c);                         // STOP_SENDING
      case 11: {                                                                     // CRYPTO
        const std::string bytes = input.text(input.byte() % 64);
        return varint(6) + varint(number(input)) + varint(bytes.size()) + bytes;
      }
      case 12: {  // NEW_TOKEN
        const std::string token = input.text(input.byte() % 64);
        return varint(7) + varint(token.size()) + token;
      }
      case 13: return varint(0x10) + varint(number(input));                     // MAX_DATA
      case 14: return varint(0x11) + id(input) + varint(number(input));         // MAX_STREAM_DATA
      case 15: return varint(0x12 + input.byte() % 2) + varint(number(input));  // MAX_STREAMS
      case 16: return varint(0x14) + varint(number(input));                     // DATA_BLOCKED
      case 17: return varint(0x15) + id(input) + varint(number(input));  // STREAM_DATA_BLOCKED
      case 18: {                                                         // NEW_CONNECTION_ID
        const unsigned which = input.byte();
        const std::string own(which % 21, static_cast<char>('A' + which % 26));
        return varint(0x18) + varint(which % 16) + varint(input.byte() % 8) +
               static_cast<char>(own.size()) + own + std::string(16, static_cast<char>(which));
      }
      case 19: return varint(0x19) + varint(input.byte() % 16);      // RETIRE_CONNECTION_ID
      case 20: return varint(0x1a + input.byte() % 2) + "challeng";  // PATH_CHALLENGE, _RESPONSE
      case 21: {                                                     // CONNECTION_CLOSE
        const bool application = input.byte() % 2 == 0;
        return varint(application ? 0x1d : 0x1c) + varint(number(input)) +
               (application ? "" : varint(8)) + varint(3) + "why";
      }
      case 22: return varint(input.byte() % 2 == 0 ? 1 : 0x1e);  // PING, HANDSHAKE_DONE
      default: return input.text(input.byte() % 64);
    }
  }

 private:
  static std::uint64_t number(Input& input) { return h3_number(input); }
  static std::string id(Input& input) { return test::varint(stream_id(input)); }
  static std::uint64_t stream_id(Input& input) {
    const unsigned which = input.byte();
    return which < 250 ? which % 32 : 4ULL << (which - 249) * 10;
  }

  // Mostly a message or a control stream of HTTP/3 that goes on where it was.
  std::string stream(Input& input) {
    const unsigned how = input.byte();
    const std::uint64_t id = stream_id(input);
    const std::string bytes = content(input, id);
    std::uint64_t& next = next_[id];
    std::uint64_t offset = next;
    if (how >= 240) offset = number(input);
    if (how >= 224 && how < 240) offset += input.byte() * 16U;  // a gap
    if (how < 224) next += bytes.size();
    const std::uint64_t type = 0x0e + ((how & 1U) != 0 ? 1U : 0U);  // with offset and length; FIN
    return test::varint(type) + test::varint(id) + test::varint(offset) +
           test::varint(bytes.size()) + bytes;
  }
  std::string content(Input& input, std::uint64_t id) const {
    const unsigned what = input.byte() % 6;
    if (what == 0) return input.text(input.byte());
    if ((id & 2U) != 0) {
      if (what == 1) return h3_stream_type(input);
      return what == 2 ? qpack_instruction(input) : h3_control(input);
    }
    if (what == 1) return h3_control(input);
    if (what < 4) return h3_data(input);
    return h3_headers(input, client_ ? request_fields(input) : response_fields(input));
  }

  static std::string ack(Input& input) {
    const std::uint64_t largest = input.byte(), ranges = input.byte() % 4;
    std::string text = test::varint(2) + test::varint(largest) + test::varint(0) +
                       test::varint(ranges) + test::varint(input.byte() % 8);
    for (std::uint64_t i = 0; i < 2 * ranges; ++i) text += test::varint(input.byte() % 8);
    return text;
  }

  bool client_;
  std::map<std::uint64_t, std::uint64_t> next_;  // offsets
};

}  // namespace troika::fuzz
