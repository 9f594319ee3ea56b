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
