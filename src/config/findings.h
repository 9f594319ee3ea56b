#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/site_spec.h"

namespace troika {

// What is wrong with a configuration, or worth knowing of it.
struct Finding {
  enum class Kind : std::uint8_t { error, warning, not_checked };
  Kind kind = Kind::error;
  Written at{};
  std::string sentence;
};

// All findings of one reading, with the text of the files that they are about.
class Findings {
 public:
  static constexpr std::size_t kMost = 20;  // errors; and as many of the others

  // Returns the number that positions in this file have. `name`: as a person wrote it.
  std::uint32_t add_file(std::string name, std::string text);
  std::string_view text(std::uint32_t file) const noexcept { return files_[file].text; }
  std::vector<std::string> file_names() const;

  void add(Finding::Kind kind, Written at, std::string sentence);
  void error(Written at, std::string sentence) {
    add(Finding::Kind::error, at, std::move(sentence));
  }
  bool failed() const noexcept { return errors_ > 0; }
  bool full() const noexcept { return errors_ >= kMost; }  // looking further is of no use
  std::size_t errors() const noexcept { return errors_; }

  // By file, line and column.
  std::vector<Finding> sorted() const;
  // "FILE:LINE:COLUMN: sentence", the line, and a caret below it; lines end with a line break.
  std::string shown(const Finding& finding) const;
  // "FILE:LINE:COLUMN"; of the command line, nothing.
  std::string place(Written at) const;

 private:
  struct File {
    std::string name, text;
  };
  std::vector<File> files_;
  std::vector<Finding> list_;
  std::size_t errors_ = 0, others_ = 0;
};

// All errors as one text, for a command that cannot go on: "FILE has 2 errors:" and what they are.
std::string errors_text(const Findings& findings);

}  // namespace troika
