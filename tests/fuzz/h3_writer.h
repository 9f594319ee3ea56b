#pragma once
// Frames and streams of HTTP/3 as the input says, for a peer that keeps to the rules or does not.
#include <array>
#include <cstdint>
#include <string>

#include "fuzz/messages.h"
#include "unit/proto/h3/frames.h"

namespace troika::fuzz {

inline std::uint64_t h3_number(Input& input) {
  static constexpr std::array<std::uint64_t, 10> kNumbers{
      0, 1, 4, 8, 63, 100, 4096, 65536, (1ULL << 30U), (1ULL << 62U) - 4};
  return input.pick(kNumbers);
}

// HEADERS, seldom with a length or a prefix that is not that of its fields.
inline std::string h3_headers(Input& input, const Fields& fields) {
  const unsigned how = input.byte();
  if (how < 240) return test::headers_frame(fields);
  std::string section = std::string(2, '\0') + test::literal_lines(fields);
  if (how < 246) section[how % 2] = static_cast<char>(input.byte());
  if (how >= 250) section += input.text(8);  // what may be no field line
  std::string text = test::frame(1, section);
  if (how == 248) text.resize(text.size() / 2);
  return text;
}

inline std::string h3_data(Input& input) {
  const unsigned how = input.byte();
  const std::string content(std::size_t{input.byte()} * ((how & 4U) != 0 ? 60 : 1), 'd');
  if (how >= 250) return test::varint(0) + test::varint(content.size() + 1 + how % 4) + content;
  return test::data_frame(content);
}

// Any frame that is neither HEADERS nor DATA; on which stream it comes says whether it is right.
inline std::string h3_control(Input& input) {
  const unsigned kind = input.byte() % 10;
  switch (kind) {
    case 0:
    case 1: {  // SETTINGS
      std::string payload;
      for (unsigned n = input.byte() % 4; n > 0; --n) {
        payload += test::varint(input.byte() % 64) + test::varint(h3_number(input));
      }
      return test::frame(4, payload);
    }
    case 2: return test::frame(7, test::varint(h3_number(input)));   // GOAWAY
    case 3: return test::frame(13, test::varint(h3_number(input)));  // MAX_PUSH_ID
    case 4: return test::frame(3, test::varint(h3_number(input)));   // CANCEL_PUSH
    case 5:                                                          // PRIORITY_UPDATE (RFC 9218)
      return test::frame(0xf0700, test::varint(h3_number(input)) + "u=1");
    case 6: return test::frame(5, test::varint(0) + std::string(2, '\0'));  // PUSH_PROMISE
    case 7: return test::frame(0x21 + 0x1fULL * input.byte(), input.text(input.byte() % 20));
    default: return test::frame(input.byte(), input.text(input.byte() % 20));
  }
}

// What begins a unidirectional stream: control, push, and QPACK's two (RFC 9114 §6.2), or another.
inline std::string h3_stream_type(Input& input) {
  static constexpr std::array<std::uint64_t, 8> kTypes{0, 0, 2, 3, 1, 0x21, 0x54, 4};
  return test::varint(input.pick(kTypes));
}

// Instructions of QPACK's encoder stream (RFC 9204 §4.3) or decoder stream (§4.4).
inline std::string qpack_instruction(Input& input) {
  switch (input.byte() % 6) {
    case 0: return test::prefixed(0x20, 5, h3_number(input));  // capacity
    case 1: return test::prefixed(0x40, 5, 3) + "x-q" + test::prefixed(0, 7, 1) + "1";
    case 2: return test::prefixed(0xc0, 6, input.byte() % 99) + test::prefixed(0, 7, 1) + "2";
    case 3: return test::prefixed(0, 5, input.byte() % 4);     // duplicate; insert count increment
    case 4: return test::prefixed(0x80, 7, h3_number(input));  // section acknowledgement
    default: return input.text(input.byte() % 20);
  }
}

}  // namespace troika::fuzz
