#include "http/message/fields.h"

#include <catch2/catch_test_macros.hpp>

#include "http/message/message.h"

using namespace troika;

TEST_CASE("a header map keeps fields in order and names in lower case") {
  HeaderMap map;
  CHECK(map.empty());
  map.add("Accept", "a");
  map.add("X-Other", "");
  map.add("ACCEPT", "b");
  REQUIRE(map.size() == 3);
  CHECK(map[0].name == "accept");
  CHECK(map[1].value.empty());
  CHECK(map.get("accept") == "a");
  CHECK(map.count("accept") == 2);
  CHECK(map.has("x-other"));
  CHECK_FALSE(map.has("absent"));
  std::string all;
  for (const auto field : map)
    all += std::string(field.name) + "=" + std::string(field.value) + ";";
  CHECK(all == "accept=a;x-other=;accept=b;");
}

TEST_CASE("set replaces every field of a name, remove takes them away") {
  HeaderMap map;
  map.add("a", "1");
  map.add("b", "2");
  map.add("a", "3");
  map.set("a", "4");
  CHECK(map.count("a") == 1);
  CHECK(map.get("a") == "4");
  CHECK(map.get("b") == "2");
  map.remove("b");
  map.remove("absent");
  CHECK(map.size() == 1);
  map.set("c", "5");
  CHECK(map.get("c") == "5");
}

TEST_CASE("copies of a header map are apart") {
  HeaderMap a;
  a.add("x", "1");
  HeaderMap b = a;
  b.set("x", "2");
  CHECK(a.get("x") == "1");
  CHECK(b.get("x") == "2");
}

TEST_CASE("known names of fields are found by their text, and no other text is one") {
  for (int i = 1; i <= static_cast<int>(FieldName::x_forwarded_for); ++i) {
    const auto known = static_cast<FieldName>(i);
    const std::string text(text_of(known));
    CAPTURE(text);
    CHECK(!text.empty());
    CHECK(field_name(text) == known);
    std::string capitals = text;
    for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    CHECK(field_name(capitals) == known);
    CHECK(field_name(text + "-x") == FieldName::other);
    CHECK(field_name(text.substr(1)) == FieldName::other);
    std::string other = text;
    other[text.size() / 3] = '_';
    CHECK(field_name(other) == FieldName::other);
  }
  CHECK(field_name("") == FieldName::other);
  CHECK(text_of(FieldName::other).empty());
}

TEST_CASE("a name that is known and one that is not are found alike") {
  for (const char* const name : {"range", "x-range"}) {
    CAPTURE(name);
    HeaderMap map;
    CHECK(!map.has(name));
    map.add(name, "1");
    map.add("x-other", "");
    map.add(name, "2");
    CHECK(map.get(name) == "1");
    CHECK(map.count(name) == 2);
    map.pop_back();
    CHECK(map.count(name) == 1);
    map.set(name, "3");
    map.pop_back();
    CHECK(!map.has(name));
    map.remove(name);
    CHECK(map.size() == 1);
    CHECK(!map.has("range"));
  }
}

TEST_CASE("all fields of a map are added at once") {
  HeaderMap map, more;
  map.add("etag", "a");
  more.add("x", "1");
  more.add("vary", "accept");
  more.remove("x");
  map.add(more);
  map.add("y", "2");
  REQUIRE(map.size() == 3);
  CHECK(map.get("etag") == "a");
  CHECK(map.get("vary") == "accept");
  CHECK(map[1].name == "vary");
  CHECK(map.get("y") == "2");
}

TEST_CASE("a map knows which fields may be sent") {
  HeaderMap map;
  map.add("x-a", "b\tc\xff");
  map.add("", "v");
  map.add("x a", "v");
  map.add("x-b", "1\r\nx-c: 2");
  map.add("vary", std::string_view("\0", 1));
  HeaderMap copy;
  copy.add(map);
  for (const HeaderMap& each : {map, copy}) {
    CHECK(each.is_valid(0));
    for (std::size_t i = 1; i < each.size(); ++i) CHECK(!each.is_valid(i));
  }
}

TEST_CASE("method names are read as they are written, and case counts") {
  for (int i = 0; i < static_cast<int>(Method::other); ++i) {
    const auto method = static_cast<Method>(i);
    CHECK(method_from(name_of(method)) == method);
  }
  CHECK(method_from("DELETE") == Method::del);
  CHECK(method_from("get") == Method::other);
  CHECK(method_from("") == Method::other);
  CHECK(name_of(Method::other).empty());
}
