#include "handlers/static/answers.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/target.h"

using namespace troika;

TEST_CASE("the media type follows the extension, whatever its case") {
  struct Row {
    std::string_view path, type;
  };
  for (const Row row : {
           Row{"index.html", "text/html; charset=utf-8"},
           Row{"INDEX.HTM", "text/html; charset=utf-8"},
           Row{"a/b.css", "text/css; charset=utf-8"},
           Row{"app.js", "text/javascript; charset=utf-8"},
           Row{"app.min.mjs", "text/javascript; charset=utf-8"},
           Row{"data.json", "application/json"},
           Row{"favicon.svg", "image/svg+xml; charset=utf-8"},
           Row{"a.PNG", "image/png"},
           Row{"a.jpeg", "image/jpeg"},
           Row{"a.webp", "image/webp"},
           Row{"font.woff2", "font/woff2"},
           Row{"m.wasm", "application/wasm"},
           Row{"app.webmanifest", "application/manifest+json"},
           Row{"a.tar.gz", "application/gzip"},
           Row{"README", "application/octet-stream"},
           Row{"a.", "application/octet-stream"},
           Row{"a.unknown", "application/octet-stream"},
           Row{"a.averyveryverylongextension", "application/octet-stream"},
           Row{"v1.html/file", "application/octet-stream"},
           Row{"", "application/octet-stream"},
       }) {
    CAPTURE(row.path);
    CHECK(content_type_of(row.path) == row.type);
  }
}

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
