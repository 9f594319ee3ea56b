#pragma once
#include <array>
#include <span>
#include <string>

#include "base/random.h"
#include "handlers/compress/encoder.h"

namespace troika::test {

inline constexpr std::array kCodings{Coding::br, Coding::zstd, Coding::gzip};
inline constexpr std::array kEfforts{Effort::stream, Effort::whole};

// Words in no order: what compresses about as a page does.
inline std::string words(std::size_t size) {
  constexpr std::array<std::string_view, 8> kWords{"gateway ", "stream ",  "of ",    "bytes ",
                                                   "<p>",      "answers ", "</p>\n", "3.14159 "};
  SeededRandom random(7);
  std::string text;
  while (text.size() < size) {
    text += kWords[random.below(kWords.size())];
    text += std::to_string(random.below(1000));
  }
  text.resize(size);
  return text;
}

inline std::string noise(std::size_t size) {
  SeededRandom random(11);
  std::string bytes(size, '\0');
  random.fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

}  // namespace troika::test
