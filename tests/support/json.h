#pragma once
// A strict reader of JSON (RFC 8259), and of sequences of it (RFC 7464), for tests that look at
// what others will read. Throws at the first thing that is not allowed.
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troika::test {

struct Json;
using JsonObject = std::map<std::string, Json>;
using JsonArray = std::vector<Json>;

struct Json {
  std::variant<std::nullptr_t, bool, double, std::string, JsonArray, JsonObject> value;

  const Json& at(const std::string& name) const { return std::get<JsonObject>(value).at(name); }
  bool has(const std::string& name) const {
    const auto* object = std::get_if<JsonObject>(&value);
    return object != nullptr && object->contains(name);
  }
  const std::string& text() const { return std::get<std::string>(value); }
  double number() const { return std::get<double>(value); }
  const JsonArray& array() const { return std::get<JsonArray>(value); }
};

class JsonReader {
 public:
  static Json read(std::string_view text) {
    JsonReader reader(text);
    Json json = reader.value();
    reader.space();
    reader.check(reader.rest_.empty(), "something follows");
    return json;
  }

 private:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  void check(bool good, const char* what) const {
    if (!good) throw std::runtime_error(std::string(what) + " at: " + std::string(rest_));
  }
  void space() {
    while (!rest_.empty() && std::string_view(" \t\r\n").contains(rest_[0])) rest_.remove_prefix(1);
  }
  char take() {
    check(!rest_.empty(), "the end");
    const char next = rest_[0];
    rest_.remove_prefix(1);
    return next;
  }
  bool skip(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }

  Json value() {
    space();
    check(!rest_.empty(), "no value");
    if (skip("null")) return {nullptr};
    if (skip("true")) return {true};
    if (skip("false")) return {false};
    if (rest_[0] == '"') return {string()};
    if (skip("[")) return {array()};
    if (skip("{")) return {object()};
    return {number()};
  }

  JsonArray array() {
    JsonArray all;
    space();
    if (skip("]")) return all;
    do {
      all.push_back(value());
      space();
    } while (skip(","));
    check(skip("]"), "no end of an array");
    return all;
  }

  JsonObject object() {
    JsonObject all;
    space();
    if (skip("}")) return all;
    do {
      space();
      std::string name = string();
      space();
      check(skip(":"), "no colon");
      check(all.emplace(std::move(name), value()).second, "a name twice");
      space();
    } while (skip(","));
    check(skip("}"), "no end of an object");
    return all;
  }

  std::string string() {
    std::string text;
    check(skip("\""), "no string");
    for (char next = take(); next != '"'; next = take()) {
      check(static_cast<unsigned char>(next) >= 0x20, "a control character");
      if (next == '\\') next = escaped();
      text += next;
    }
    return text;
  }
  char escaped() {
    const char next = take();
    check(next != 'u' && std::string_view("\"\\/bfnrt").contains(next), "an unknown escape");
    return next;
  }

  std::size_t digits() {
    std::size_t count = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++count) rest_.remove_prefix(1);
    return count;
  }
  double number() {
    const std::string_view begin = rest_;
    skip("-");
    const bool zero = rest_.starts_with('0');
    const std::size_t count = digits();
    check(count == 1 || (count > 1 && !zero), "no number");
    if (skip(".")) check(digits() > 0, "no fraction");
    if (skip("e") || skip("E")) {
      if (!skip("+")) skip("-");
      check(digits() > 0, "no exponent");
    }
    return std::stod(std::string(begin.substr(0, begin.size() - rest_.size())));
  }

  std::string_view rest_;
};

// RFC 7464 §2.2: each text between a record separator and a newline.
inline std::vector<Json> read_json_sequence(std::string_view text) {
  std::vector<Json> all;
  while (!text.empty()) {
    if (text[0] != '\x1e') throw std::runtime_error("no record separator");
    const std::string_view record = text.substr(1, text.find('\x1e', 1) - 1);
    if (!record.ends_with('\n')) throw std::runtime_error("a record without its end");
    all.push_back(JsonReader::read(record));
    text.remove_prefix(1 + record.size());
  }
  return all;
}

}  // namespace troika::test
