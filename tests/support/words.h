#pragma once
#include <sstream>
#include <string>
#include <vector>

namespace troika::test {

// What a shell makes of a line without quotes.
inline std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace troika::test
