#include "http/message/target.h"
#include "base/text.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "base/random.h"

using namespace troika;

namespace {

// Encodes every byte but the slash, so that the parser has to decode all of it.
std::string encode(std::string_view path) {
  std::string out;
  for (const char c : path) {
    out += c == '/' ? "/" : formatted("%{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

void check_invariants(const Target& target) {
  const std::string& path = target.path;
  REQUIRE(path.starts_with('/'));
  REQUIRE_FALSE(path.contains('\\'));
  REQUIRE_FALSE(path.contains('\0'));
  REQUIRE_FALSE(path.contains("//"));
  REQUIRE_FALSE((path + "/").contains("/../"));
  REQUIRE_FALSE((path + "/").contains("/./"));
  const auto again = parse_target(encode(path));
  REQUIRE(again);
  REQUIRE(again->path == path);
}

}  // namespace

TEST_CASE("a target's path is decoded once, without dot segments and doubled slashes") {
  struct Row {
    std::string_view raw, path, query;
  };
  for (const Row row : {
           Row{"/", "/", ""},
           Row{"/a", "/a", ""},
           Row{"/a/", "/a/", ""},
           Row{"/a/b/c", "/a/b/c", ""},
           Row{"/a?b", "/a", "b"},
           Row{"/?", "/", ""},
           Row{"/?a=b&c=d", "/", "a=b&c=d"},
           Row{"/a?b?c", "/a", "b?c"},
           Row{"/?/../..", "/", "/../.."},
           Row{"/a?%2e%2F%00", "/a", "%2e%2F%00"},
           Row{"/a?100%", "/a", "100%"},
           Row{"/a?b\\c", "/a", "b\\c"},
           Row{"/%41%7a", "/Az", ""},
           Row{"/%252e%252e/", "/%2e%2e/", ""},
           Row{"/%252f", "/%2f", ""},
           Row{"/%2f", "/%2F", ""},
           Row{"/a%2Fb/c", "/a%2Fb/c", ""},
           Row{"/@a%2fb?c%2fd", "/@a%2Fb", "c%2fd"},
           Row{"/%2f%2f//x", "/%2F%2F/x", ""},
           Row{"/..%2f", "/..%2F", ""},
           Row{"/%2e%2e%2fa", "/..%2Fa", ""},
           Row{"/a%2f../b", "/a%2F../b", ""},
           Row{"/a/%2f/../b", "/a/b", ""},
           Row{"/%3Fa?b", "/?a", "b"},
           Row{"/%c3%a9", "/\xc3\xa9", ""},
           Row{"/%c0%ae%c0%ae/", "/\xc0\xae\xc0\xae/", ""},
           Row{"/.", "/", ""},
           Row{"/./", "/", ""},
           Row{"/./a", "/a", ""},
           Row{"/a/.", "/a/", ""},
           Row{"/a/./b", "/a/b", ""},
           Row{"/a/..", "/", ""},
           Row{"/a/../", "/", ""},
           Row{"/a/../b", "/b", ""},
           Row{"/a/b/..", "/a/", ""},
           Row{"/a/b/../c", "/a/c", ""},
           Row{"/a/b/../../c", "/c", ""},
           Row{"/a/b/c/./../../g", "/a/g", ""},
           Row{"/%2e", "/", ""},
           Row{"/a/%2e%2e/b", "/b", ""},
           Row{"/a/%2E./b", "/b", ""},
           Row{"/a/.%2e", "/", ""},
           Row{"//", "/", ""},
           Row{"///", "/", ""},
           Row{"//a", "/a", ""},
           Row{"//evil.example/x", "/evil.example/x", ""},
           Row{"/a//b", "/a/b", ""},
           Row{"/a//", "/a/", ""},
           Row{"/a///b///", "/a/b/", ""},
           Row{"/a//../b", "/b", ""},
           Row{"/a/.//b", "/a/b", ""},
           Row{"/...", "/...", ""},
           Row{"/..a", "/..a", ""},
           Row{"/a..", "/a..", ""},
           Row{"/.../..", "/", ""},
           Row{"/.well-known/x", "/.well-known/x", ""},
           Row{"/a.", "/a.", ""},
           Row{"/a;b=c/..;/d", "/a;b=c/..;/d", ""},
           Row{"/http://example.com/", "/http:/example.com/", ""},
       }) {
    CAPTURE(row.raw);
    const auto target = parse_target(row.raw);
    REQUIRE(target);
    CHECK(target->raw == row.raw);
    CHECK(target->path == row.path);
    CHECK(target->query == row.query);
    check_invariants(*target);
  }
}

TEST_CASE("an encoded slash in the path is a fact of the target, and no separator") {
  const auto encoded_slash = [](std::string_view raw) { return parse_target(raw)->encoded_slash; };
  CHECK(encoded_slash("/a%2fb"));
  CHECK(encoded_slash("/a%2Fb"));
  CHECK_FALSE(encoded_slash("/a%252Fb"));
  CHECK_FALSE(encoded_slash("/a/b?c%2Fd"));
  CHECK_FALSE(encoded_slash("*"));
}

TEST_CASE("UTF-8 is taken as if it were percent-encoded, in path and query") {
  struct Row {
    std::string_view sent, encoded;
  };
  for (const Row row : {
           Row{"/\xc3\xa9", "/%C3%A9"},
           Row{"/?q=\xc3\xa9", "/?q=%C3%A9"},
           Row{"/\xe2\x82\xac/../\xf0\x9f\x90\x8e?\xe2\x82\xac",
               "/%E2%82%AC/../%F0%9F%90%8E?%E2%82%AC"},
           Row{"/a%20\xc3\xa9%2e?%zz\xc3\xa9", "/a%20%C3%A9%2e?%zz%C3%A9"},
           Row{"/\xc2\x85\xef\xbf\xbf", "/%C2%85%EF%BF%BF"},
       }) {
    CAPTURE(row.sent);
    const auto target = parse_target(row.sent);
    REQUIRE(target);
    CHECK(target->raw == row.encoded);
    CHECK(target == parse_target(row.encoded));
    check_invariants(*target);
  }
}

TEST_CASE("the asterisk is a target of its own") {
  CHECK(parse_target("*") == Target{"*", "*", ""});
  CHECK_FALSE(parse_target("*/"));
  CHECK_FALSE(parse_target("**"));
  CHECK_FALSE(parse_target("*?a"));
}

TEST_CASE("what is not a target is refused") {
  for (const std::string_view raw : {
           "",
           "a/b",
           "?a",
           "..",
           "http://example.com/",
           "example.com:443",
           "/a#b",
           "/?a#b",
           "/a b",
           " /a",
           "/?a b",
           "/a\r\nHost: evil",
           "/?\xe9=1",
           "/\xc0\xae\xc0\xae/",
           "/%c3\xa9",
           "/\xc3%a9",
           "/\xc3?\xa9",
           "/?\x01",
           "/%",
           "/%2",
           "/%2g",
           "/%g2",
           "/%%41",
           "/%-1",
           "/%0x",
           "/%u002f",
           "/%?41",
           "/%2f/../..",
           "/..%2f/../..",
           "/%5c",
           "/..%5c",
           "/\\evil.example",
           "/a%00.html",
           "/..",
           "/../a",
           "/./..",
           "/%2e%2e",
           "/%2E%2E/a",
           "/.%2e/a",
           "/%2e./a",
           "/a/../..",
           "/a/../../x",
           "//..",
           "/a//../..",
           "/../../../../../../etc/passwd",
       }) {
    CAPTURE(raw);
    CHECK_FALSE(parse_target(raw));
  }
  CHECK_FALSE(parse_target(std::string("/a\0b", 4)));
  CHECK_FALSE(parse_target(std::string("/?\0", 3)));
}

TEST_CASE("every byte of a path is either kept, decoded or refused") {
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    const auto byte = static_cast<char>(c);
    const bool meaning = c == '/' || c == '?' || c == '#' || c == '%' || c == '\\';
    const auto raw = parse_target(std::string("/a") + byte);
    if (c <= 0x20 || c >= 0x7f || c == '#' || c == '%' || c == '\\') {
      CHECK_FALSE(raw);
    } else if (!meaning) {
      REQUIRE(raw);
      CHECK(raw->path == std::string("/a") + byte);
    }
    const auto encoded = parse_target(formatted("/a%{:02X}", c));
    if (c == 0 || c == '\\') {
      CHECK_FALSE(encoded);
    } else if (c == '/') {
      CHECK(encoded->path == "/a%2F");
    } else {
      REQUIRE(encoded);
      CHECK(encoded->path == std::string("/a") + byte);
    }
  }
}

TEST_CASE("a kilobyte of dot segments neither climbs nor takes long") {
  std::string deep, up;
  for (int i = 0; i < 1000; ++i) {
    deep += "/a";
    up += "/..";
  }
  CHECK(parse_target(deep + up)->path == "/");
  CHECK_FALSE(parse_target(deep + up + "/.."));
  CHECK_FALSE(parse_target(up));
}

TEST_CASE("no mixture of the pieces of an attack gets out of the root") {
  const std::vector<std::string> pieces{
      "/",   "//",  ".", "..", "%2e",   "%2E", "%2f",    "%5c", "\\", "%00", "a",    "b",
      "%61", "%25", "?", "#",  "%252e", ";",   "%c0%ae", " ",   "%",  "/./", "/../", "%20"};
  SeededRandom random(3);
  std::size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string raw = "/";
    for (std::uint64_t n = random.below(9); n > 0; --n) raw += pieces[random.below(pieces.size())];
    CAPTURE(raw);
    const auto target = parse_target(raw);
    if (!target) continue;
    ++accepted;
    check_invariants(*target);
    REQUIRE(target->raw == raw);
  }
  CHECK(accepted > 1000);
}
