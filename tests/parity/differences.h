#pragma once
#include <filesystem>
#include <set>
#include <string>

#include "base/result.h"
#include "parity/ask.h"

namespace troika::parity {

// What answers to the same request may differ in: the lines of differences.txt, "field NAME: why"
// or "rule NAME: why".
class Differences {
 public:
  static Checked<Differences> read(const std::filesystem::path& file);
  static Checked<Differences> parse(std::string_view text);

  // What else two answers differ in, on one line; "" for nothing.
  std::string compare(const Answer& a, const Answer& b) const;

  void ignore_field(const std::string& name) { fields_.insert(name); }
  // For servers that draw another boundary of multipart/byteranges for each answer.
  void ignore_boundary() { rules_.insert("boundary"); }
  std::size_t size() const noexcept { return fields_.size() + rules_.size(); }

 private:
  std::string compare_fields(const Fields& a, const Fields& b) const;
  Answer comparable(Answer answer) const;

  std::set<std::string> fields_, rules_;
};

}  // namespace troika::parity
