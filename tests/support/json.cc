#include "support/json.h"

#include <set>
#include <stdexcept>
#include <string>

namespace troika::test {

Json read_json(std::string_view text) {
  using Event = Json::parse_event_t;
  std::vector<std::set<std::string>> names;  // of the objects that are open
  return Json::parse(text, [&](int, Event event, const Json& read) {
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key && !names.back().insert(read).second) {
      throw std::runtime_error("a name twice: " + read.get<std::string>());
    }
    return true;
  });
}

std::vector<Json> read_json_sequence(std::string_view text) {
  std::vector<Json> all;
  while (!text.empty()) {
    if (text[0] != '\x1e') throw std::runtime_error("no record separator");
    const std::string_view record = text.substr(1, text.find('\x1e', 1) - 1);
    if (!record.ends_with('\n')) throw std::runtime_error("a record without its end");
    all.push_back(read_json(record));
    text.remove_prefix(1 + record.size());
  }
  return all;
}

}  // namespace troika::test
