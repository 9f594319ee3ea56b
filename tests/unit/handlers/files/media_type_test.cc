#include "handlers/media_type.h"

#include <catch2/catch_test_macros.hpp>
#include <ranges>
#include <string>

using namespace troika;

namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kBytes = "application/octet-stream";

struct Row {
  std::string_view type, paths;  // apart by a space
};

void check(std::initializer_list<Row> rows, bool compressible) {
  for (const auto& [type, paths] : rows) {
    for (const auto path : std::views::split(paths, ' ')) {
      const std::string text(std::string_view{path});
      CAPTURE(text);
      CHECK(media_type_of(text).text == type);
      CHECK(media_type_of(text).compressible == compressible);
    }
  }
}

}  // namespace

TEST_CASE("text has a charset where the type knows one, and all that is like text shrinks") {
  check({{"text/html; charset=utf-8", "index.html a.shtml INDEX.HTM"},
         {"text/css; charset=utf-8", "a/b.css"},
         {"text/javascript; charset=utf-8", "app.js app.min.mjs"},
         {"application/xml", "feed.xml"},
         {"application/xhtml+xml", "page.xhtml"},
         {"image/svg+xml", "favicon.svg"},
         {"application/xml-dtd", "words.dtd"},
         {"model/vnd.collada+xml", "scene.dae"},
         {"text/x-opml; charset=utf-8", "feeds.opml"},
         {"application/json", "data.json app.js.map .well-known/apple-app-site-association"},
         {"application/manifest+json", "app.webmanifest"},
         {"application/geo+json", "towns.geojson"},
         {"application/x-ndjson", "log.ndjson"},
         {"application/yaml", "api.yaml api.yml"},
         {"application/toml", "Cargo.toml"},
         {kText, "main.cc robots.txt a.PnG.Txt"},
         {"text/markdown; charset=utf-8", "notes.md"},
         {"text/csv; charset=utf-8", "table.csv"},
         {"text/calendar; charset=utf-8", "feast.ics"},
         {"text/vcard; charset=utf-8", "me.vcf"},
         {"application/gpx+xml", "walk.gpx"},
         {"application/vnd.apple.mpegurl", "live.m3u8"},
         {"application/dash+xml", "live.mpd"}},
        true);
}

TEST_CASE("binary files that are not compressed in themselves shrink, all others do not") {
  check({{"application/wasm", "m.wasm"},
         {"font/ttf", "font.ttf"},
         {"font/otf", "font.otf"},
         {"image/bmp", "a.bmp"},
         {"image/vnd.microsoft.icon", "favicon.ico"}},
        true);
  check({{"image/png", "a.png a.PNG"},
         {"image/jpeg", "a.jpeg"},
         {"image/gif", "v1.html/a.gif"},
         {"image/webp", "a.webp"},
         {"image/avif", "a.avif"},
         {"font/woff", "font.woff"},
         {"font/woff2", "font.woff2"},
         {"application/pdf", "a.pdf"},
         {"video/mp4", "a.mp4"},
         {"audio/ogg", "a.opus"},
         {"video/mp2t", "segment.ts"},
         {"application/gzip", "a.tar.gz"},
         {"application/x-brotli", "a.css.br"},
         {"application/zstd", "a.zst"},
         {"model/gltf-binary", "scene.glb"},
         {"application/vnd.apache.parquet", "rows.parquet"},
         {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text.docx"},
         {"application/vnd.android.package-archive", "app.apk"},
         {"application/vnd.debian.binary-package", "a.deb"}},
        false);
}

TEST_CASE("well-known files without an extension are text, anything else is bytes") {
  check({{kText, "README src/LICENSE COPYING AUTHORS ChangeLog NOTICE a/Makefile Dockerfile"}},
        true);
  check({{kBytes, "/ a a. a.unknown a.readme html v1.html/file a.htm\xff"}}, false);
  for (const std::string& path :
       {std::string(), std::string("a.html "), "a." + std::string(32, 'x'), std::string(33, 'x')}) {
    CHECK(media_type_of(path).text == kBytes);
  }
}

TEST_CASE("every entry of the table is found") {
  for (const auto& [name, type] : media_types_of_extensions()) {
    CHECK(media_type_of("a." + std::string(name)).text == type.text);
  }
  for (const auto& [name, type] : media_types_of_names()) {
    CHECK(media_type_of(name).text == type.text);
  }
}

TEST_CASE("a type of the options takes precedence over the table") {
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

TEST_CASE("a type of the options is compressible when it is like text or known to be") {
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
