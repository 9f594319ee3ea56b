#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "tools/parity/ask.h"

namespace troika::parity {

// What answers to the same request may differ in: the lines of differences.txt,
//   field NAME: why            it is there on each, with a value of its own
//   field NAME PROTOCOL...: why   it is there over these alone, with a value of its own
//   rule NAME: why
class Differences {
 public:
  struct Said {
    std::string_view protocol;
    const Answer& answer;
  };

  static Checked<Differences> read(const std::filesystem::path& file);
  static Checked<Differences> parse(std::string_view text);

  // What else two answers to `ask` differ in, on one line; "" for nothing. An answer that is not
  // whole is a difference from any other.
  std::string compare(const Ask& ask, Said a, Said b) const;
  // As above, of an answer to GET and one to HEAD, over the same protocol: without the bodies.
  std::string compare_heads(const Ask& ask, const Answer& get, const Answer& head) const;

  void ignore_field(const std::string& name) { ignored_.insert(name); }
  // For servers that draw another boundary of multipart/byteranges for each answer.
  void ignore_boundary() { rules_.insert("boundary"); }
  std::size_t size() const noexcept { return fields_.size() + rules_.size(); }

 private:
  using Lists = std::map<std::string, std::string>;  // the values of each name

  std::string parse_line(std::string_view line);
  Answer comparable(const Ask& ask, const Answer& answer) const;
  std::string level(Lists& fields, std::string_view protocol) const;

  std::map<std::string, std::set<std::string>>
      fields_;  // with the protocols that have it; none: all
  std::set<std::string> rules_, ignored_;
};

}  // namespace troika::parity
