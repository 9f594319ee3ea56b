#include "handlers/media_type.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace troika;

namespace {

struct Row {
  std::string_view path, type;
};

void check(std::initializer_list<Row> rows, bool compressible) {
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(media_type_of(row.path).text == row.type);
    CHECK(media_type_of(row.path).compressible == compressible);
  }
}

}  // namespace

TEST_CASE("what is like text has its charset, where the type knows one, and is compressible") {
  check({{"index.html", "text/html; charset=utf-8"},
         {"a/b.css", "text/css; charset=utf-8"},
         {"app.js", "text/javascript; charset=utf-8"},
         {"app.min.mjs", "text/javascript; charset=utf-8"},
         {"feed.xml", "application/xml"},
         {"page.xhtml", "application/xhtml+xml"},
         {"favicon.svg", "image/svg+xml"},
         {"words.dtd", "application/xml-dtd"},
         {"scene.dae", "model/vnd.collada+xml"},
         {"feeds.opml", "text/x-opml; charset=utf-8"},
         {"data.json", "application/json"},
         {"app.js.map", "application/json"},
         {"app.webmanifest", "application/manifest+json"},
         {"towns.geojson", "application/geo+json"},
         {"log.ndjson", "application/x-ndjson"},
         {"api.yaml", "application/yaml"},
         {"api.yml", "application/yaml"},
         {"Cargo.toml", "application/toml"},
         {"main.cc", "text/plain; charset=utf-8"},
         {"notes.md", "text/markdown; charset=utf-8"},
         {"robots.txt", "text/plain; charset=utf-8"},
         {"table.csv", "text/csv; charset=utf-8"},
         {"feast.ics", "text/calendar; charset=utf-8"},
         {"me.vcf", "text/vcard; charset=utf-8"},
         {"walk.gpx", "application/gpx+xml"},
         {"live.m3u8", "application/vnd.apple.mpegurl"},
         {"live.mpd", "application/dash+xml"}},
        true);
}

TEST_CASE("what is binary and not compressed in itself is compressible, too") {
  check({{"m.wasm", "application/wasm"},
         {"font.ttf", "font/ttf"},
         {"font.otf", "font/otf"},
         {"a.bmp", "image/bmp"},
         {"favicon.ico", "image/vnd.microsoft.icon"}},
        true);
}

TEST_CASE("what is compressed in itself is not") {
  check({{"a.png", "image/png"},
         {"a.jpeg", "image/jpeg"},
         {"a.webp", "image/webp"},
         {"a.avif", "image/avif"},
         {"font.woff", "font/woff"},
         {"font.woff2", "font/woff2"},
         {"a.pdf", "application/pdf"},
         {"a.mp4", "video/mp4"},
         {"a.opus", "audio/ogg"},
         {"segment.ts", "video/mp2t"},
         {"a.tar.gz", "application/gzip"},
         {"a.css.br", "application/x-brotli"},
         {"a.zst", "application/zstd"},
         {"scene.glb", "model/gltf-binary"},
         {"rows.parquet", "application/vnd.apache.parquet"},
         {"text.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
         {"app.apk", "application/vnd.android.package-archive"},
         {"a.deb", "application/vnd.debian.binary-package"}},
        false);
}

TEST_CASE("case does not matter, and only the last extension of the last segment does") {
  check({{"INDEX.HTM", "text/html; charset=utf-8"}, {"a.PnG.Txt", "text/plain; charset=utf-8"}},
        true);
  check({{"a.PNG", "image/png"},
         {"v1.html/file", "application/octet-stream"},
         {"v1.html/a.gif", "image/gif"}},
        false);
}

TEST_CASE("files without an extension that everybody has are text") {
  check({{"README", "text/plain; charset=utf-8"},
         {"src/LICENSE", "text/plain; charset=utf-8"},
         {"COPYING", "text/plain; charset=utf-8"},
         {"AUTHORS", "text/plain; charset=utf-8"},
         {"ChangeLog", "text/plain; charset=utf-8"},
         {"NOTICE", "text/plain; charset=utf-8"},
         {"a/Makefile", "text/plain; charset=utf-8"},
         {"Dockerfile", "text/plain; charset=utf-8"},
         {".well-known/apple-app-site-association", "application/json"}},
        true);
}

TEST_CASE("anything else is bytes") {
  const std::string long_extension = "a." + std::string(32, 'x');
  const std::string longer_name(33, 'x');
  check({{"", "application/octet-stream"},
         {"/", "application/octet-stream"},
         {"a", "application/octet-stream"},
         {"a.", "application/octet-stream"},
         {"a.unknown", "application/octet-stream"},
         {"a.readme", "application/octet-stream"},
         {"html", "application/octet-stream"},
         {"a.html ", "application/octet-stream"},
         {"a.htm\xff", "application/octet-stream"},
         {long_extension, "application/octet-stream"},
         {longer_name, "application/octet-stream"}},
        false);
}

TEST_CASE("the first and the last entry of the table are found") {
  CHECK(media_type_of("a.3g2").text == "video/3gpp2");
  CHECK(media_type_of("a.zst").text == "application/zstd");
}

TEST_CASE("a type that a person chose for an extension goes before the table") {
  SiteOptions options;
  options.types = {{"md", "text/plain"}, {"html", "text/html; charset=iso-8859-1"}, {"new", "a/b"}};
  CHECK(media_type_of(options, "a.md/b/c.MD").text == "text/plain");
  CHECK(media_type_of(options, "index.html").text == "text/html; charset=iso-8859-1");
  CHECK(media_type_of(options, "index.htm").text == "text/html; charset=utf-8");
  CHECK(media_type_of(options, "a.new").text == "a/b");
  CHECK(media_type_of(options, "a.new.png").text == "image/png");
  CHECK(media_type_of(options, "md").text == "application/octet-stream");
  CHECK(media_type_of(options, "a.md/README").text == "text/plain; charset=utf-8");
  CHECK(media_type_of({}, "a.md").text == "text/markdown; charset=utf-8");
}

TEST_CASE("a type that a person chose is compressible when it is like text or known to be") {
  const auto compressible = [](std::string type) {
    SiteOptions options;
    options.types = {{"x", std::move(type)}};
    return media_type_of(options, "a.x").compressible;
  };
  for (const char* const type :
       {"text/x-mine", "Text/Plain; charset=utf-8", "application/json", "application/x+JSON",
        "image/x+xml; a=b", "application/wasm;v=1", "font/TTF"}) {
    CAPTURE(type);
    CHECK(compressible(type));
  }
  for (const char* const type : {"image/png", "application/octet-stream", "text2/plain",
                                 "application/x-mine", "a/json", "application/zip; a=\"+xml\""}) {
    CAPTURE(type);
    CHECK_FALSE(compressible(type));
  }
}
