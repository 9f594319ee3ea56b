#pragma once
// Frames of HTTP/2 as the input says, for a peer that keeps to the rules or does not.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "fuzz/messages.h"
#include "unit/proto/h2/raw_peer.h"
#include "unit/proto/h3/frames.h"

namespace troika::fuzz {

// RFC 7541 §6.2: literal names, with and without an entry in the dynamic table.
inline std::string field_block(const Fields& fields, unsigned how) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += how % 4 == 3 ? '\x40' : '\0';
    text += test::prefixed(0, 7, name.size()) + name + test::prefixed(0, 7, value.size()) + value;
  }
  return text;
}

// HEADERS, with CONTINUATION, padding, a priority and an end as the input says.
inline std::string h2_headers(Input& input, std::uint32_t stream, const Fields& fields) {
  const unsigned how = input.byte();
  std::string block = field_block(fields, how);
  if (how >= 248) block += input.text(8);  // what may be no field
  std::uint8_t flags = (how & 1U) != 0 ? h2::kEndStream : std::uint8_t{0};
  std::string tail;
  if ((how & 0x1cU) == 0x1cU) {
    const std::size_t split = block.size() / 2;
    const std::uint8_t end = how < 250 ? h2::kEndHeaders : std::uint8_t{0};
    tail = h2::frame(h2::kContinuation, end, stream, std::string_view(block).substr(split));
    block.resize(split);
  } else {
    flags |= h2::kEndHeaders;
  }
  if ((how & 0x60U) == 0x60U) {  // RFC 9113 §6.2: PRIORITY, on the stream before
    flags |= 0x20U;
    block.insert(0, h2::u32(stream - 2) + '\x10');
  }
  if ((how & 0xa0U) == 0xa0U) {  // PADDED
    flags |= 8U;
    block.insert(0, 1, static_cast<char>(how % 16));
    block.append(how % 16, '\0');
  }
  return h2::frame(h2::kHeaders, flags, stream, block) + tail;
}

inline std::string h2_data(Input& input, std::uint32_t stream) {
  const unsigned how = input.byte();
  std::string payload(std::size_t{input.byte()} * ((how & 4U) != 0 ? 60 : 1), 'd');
  std::uint8_t flags = (how & 1U) != 0 ? h2::kEndStream : std::uint8_t{0};
  if ((how & 0x18U) == 0x18U) {
    flags |= 8U;
    payload.insert(0, 1, static_cast<char>(how % 32));
    if (how < 240) payload.append(how % 32, '\0');  // else more padding than frame, mostly
  }
  return h2::frame(h2::kData, flags, stream, payload);
}

inline std::string h2_settings(Input& input) {
  static constexpr std::array<std::uint32_t, 12> kValues{
      0, 1, 2, 100, 4096, 16384, 65535, 65536, 1U << 20U, (1U << 24U) - 1, 0x7fffffff, 0xffffffff};
  std::string payload;
  const unsigned count = input.byte();
  for (unsigned n = count % 4; n > 0; --n) {
    const auto id = static_cast<std::uint16_t>(input.byte() % 10);
    payload += h2::setting(id, input.pick(kValues));
  }
  if (count == 255) payload += '\0';  // not a multiple of six
  return h2::frame(h2::kSettings, 0, 0, payload);
}

// What either side may send beside messages. `stream` is one that may be open.
inline std::string h2_control(Input& input, std::uint32_t stream) {
  static constexpr std::array<std::uint32_t, 8> kNumbers{0, 1, 2, 7, 8, 100, 65535, 0x7fffffff};
  const unsigned kind = input.byte() % 16;
  if (kind < 3) return h2::frame(h2::kRstStream, 0, stream, h2::u32(input.pick(kNumbers)));
  if (kind < 6) {
    const std::uint32_t which = kind == 3 ? 0 : stream;
    return h2::frame(h2::kWindowUpdate, 0, which, h2::u32(input.pick(kNumbers)));
  }
  if (kind < 8) return h2_settings(input);
  if (kind == 8) return h2::frame(h2::kSettings, h2::kAck, 0);
  if (kind == 9) return h2::frame(h2::kPriority, 0, stream, h2::u32(input.pick(kNumbers)) + '\1');
  if (kind == 10) {
    return h2::frame(h2::kPing, input.byte() % 2 == 0 ? std::uint8_t{0} : h2::kAck, 0, "12345678");
  }
  if (kind == 11) {
    const std::uint32_t last = input.byte() % 2 == 0 ? stream : 0x7fffffff;
    return h2::frame(h2::kGoaway, 0, 0, h2::u32(last) + h2::u32(input.pick(kNumbers)));
  }
  if (kind == 12) {  // PRIORITY_UPDATE (RFC 9218 §7.1)
    return h2::frame(0x10, 0, 0,
                     h2::u32(stream) + "u=" + static_cast<char>('0' + input.byte() % 8));
  }
  if (kind == 13) {
    return h2::frame(h2::kPushPromise, h2::kEndHeaders, stream,
                     h2::u32(2) + field_block({{":method", "GET"}}, 0));
  }
  // Any type, with any flags.
  const auto type = static_cast<std::uint8_t>(input.byte());
  const auto flags = static_cast<std::uint8_t>(input.byte());
  return h2::frame(type, flags, kind == 14 ? 0 : stream, input.text(input.byte() % 20));
}

}  // namespace troika::fuzz
