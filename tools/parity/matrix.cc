#include "tools/parity/matrix.h"

#include <algorithm>

namespace troika::parity {
namespace {

// Columns of a terminal that UTF-8 text takes, without wide characters.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

std::string painted(const std::string& text, Tone tone, bool colour) {
  if (!colour || tone == Tone::plain || text.empty()) return text;
  const char* const code = tone == Tone::strong ? "1"
                           : tone == Tone::good ? "32"
                           : tone == Tone::bad  ? "31"
                                                : "2";
  return std::string("\033[") + code + "m" + text + "\033[0m";
}

std::string Matrix::text(bool colour) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += painted(row[i].text, row[i].tone, colour);
      if (i + 1 < row.size()) out.append(widths[i] - width(row[i].text) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace troika::parity
