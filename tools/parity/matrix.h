#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace troika::parity {

enum class Tone : std::uint8_t { plain, strong, good, bad, faint };

// With the colour of the tone, if there is to be any.
std::string painted(const std::string& text, Tone tone, bool colour);

// Aligned columns for a terminal.
class Matrix {
 public:
  struct Cell {
    std::string text{};
    Tone tone = Tone::plain;
  };
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  std::string text(bool colour) const;

 private:
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace troika::parity
