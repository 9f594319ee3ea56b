#include "handlers/file_names.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/message/target.h"

using namespace troika;

TEST_CASE("hidden is any segment with a dot in front or a tilde behind") {
  for (const std::string_view path : {"/.a", "/a/.b", "/.a/b", "/.", "/..a", "/a~", "/a~/b",
                                      "/.well-known/.a", "/.Well-Known/a"}) {
    CAPTURE(path);
    CHECK(is_hidden(path));
  }
  for (const std::string_view path :
       {"", "/", "/a", "/a.b", "/a./", "/~a", "/.well-known", "/a/.well-known/b"}) {
    CAPTURE(path);
    CHECK_FALSE(is_hidden(path));
  }
}

TEST_CASE("an encoded path is read back as the same path") {
  std::string path = "/";
  for (int c = 1; c < 256; ++c) {
    if (c != '/' && c != '\\') path.push_back(static_cast<char>(c));
  }
  const std::string encoded = encode_path(path);
  const auto target = parse_target(encoded);
  REQUIRE(target);
  CHECK(target->path == path);
  CHECK(encode_path("/a-b_c.d~e!f:g@h;i=j,k+l") == "/a-b_c.d~e!f:g@h;i=j,k+l");
  CHECK(encode_path("/a b\"<>%?#\n") == "/a%20b%22%3C%3E%25%3F%23%0A");
}
