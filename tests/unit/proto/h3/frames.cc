#include "frames.h"

namespace troika::test {

std::string varint(std::uint64_t value) {
  const int bytes = value < 64 ? 1 : value < 16384 ? 2 : value < (1U << 30U) ? 4 : 8;
  std::string text(static_cast<std::size_t>(bytes), '\0');
  for (int i = bytes - 1; i >= 0; --i, value >>= 8U) {
    text[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xffU);
  }
  const unsigned form = bytes == 1 ? 0U : bytes == 2 ? 1U : bytes == 4 ? 2U : 3U;
  text[0] = static_cast<char>(static_cast<unsigned char>(text[0]) | (form << 6U));
  return text;
}

std::string prefixed(unsigned first, unsigned bits, std::uint64_t value) {
  const std::uint64_t full = (1U << bits) - 1;
  if (value < full) return {static_cast<char>(first | value)};
  std::string text{static_cast<char>(first | full)};
  for (value -= full; value >= 128; value >>= 7U) {
    text += static_cast<char>(0x80U | (value & 0x7fU));
  }
  return text + static_cast<char>(value);
}

std::string frame(std::uint64_t type, std::string_view payload) {
  return varint(type) + varint(payload.size()) + std::string(payload);
}

std::string literal_lines(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += prefixed(0x20, 3, name.size()) + name + prefixed(0, 7, value.size()) + value;
  }
  return text;
}

std::string headers_frame(const Fields& fields) {
  return frame(1, std::string(2, '\0') + literal_lines(fields));
}

Fields get_fields(std::string_view path) {
  return {{":method", "GET"},
          {":scheme", "https"},
          {":authority", "localhost"},
          {":path", std::string(path)}};
}

Fields post_fields(std::initializer_list<std::pair<std::string, std::string>> more) {
  Fields fields = get_fields();
  fields[0].second = "POST";
  fields.insert(fields.end(), more);
  return fields;
}

}  // namespace troika::test
