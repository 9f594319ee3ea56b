// Files whose names say that they are coded (tools/parity says how they are sent), and .zst files
// that clients cannot decode.
#include "base/text.h"
#include "handlers/files/representation.h"

#include <catch2/catch_test_macros.hpp>

#include "site_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

const std::string kFits("\x28\xb5\x2f\xfd\x00\x68 and more", 15);   // a window of 8 MiB
const std::string kLarge("\x28\xb5\x2f\xfd\x00\x70 and more", 15);  // of 16 MiB

struct PrecodedStage : SiteStage {
  PrecodedStage() {
    options.precoded = true;
    notice = [this](const std::string& sentence) { said.push_back(sentence); };
  }
  std::vector<std::string> said;
};

}  // namespace

TEST_CASE("a name says that its file is coded") {
  SiteOptions options;
  const auto read = [&](std::string_view path) -> std::string {
    const auto said = precoded_by_name(options, path);
    if (!said) return "no";
    return formatted("{} {} {}", name_of(said->coding), said->type.text, said->plain);
  };
  CHECK(read("a/x.svgz") == "gzip image/svg+xml ");
  CHECK(read("X.SVGZ") == "gzip image/svg+xml ");
  for (const char* const name : {"x.js.gz", "x.wasm.br", "x.data.zst", "svgz", ".svgz"}) {
    CHECK(read(name) == "no");
  }
  options.precoded = true;
  CHECK(read("a/x.wasm.br") == "br application/wasm a/x.wasm");
  CHECK(read("x.JS.GZ") == "gzip text/javascript; charset=utf-8 x.JS");
  CHECK(read("x.data.zst") == "zstd application/octet-stream x.data");
  CHECK(read("x.1.gz") == "gzip application/octet-stream x.1");
  for (const char* const name : {"x.tar.gz", "x.TAR.zst", "x.tgz", "x.gz", "x.js", "a.js/x.gz",
                                 ".js.gz", "a/.js.br", "gz", "x.js.gz.", ""}) {
    CAPTURE(name);
    CHECK(read(name) == "no");
  }
  options.types = {{"js", "text/x-own"}, {"svgz", "application/x-mine"}};
  CHECK(read("x.js.gz") == "gzip text/x-own x.js");
  CHECK(read("x.svgz") == "no");
}

TEST_CASE("beside the file that it is the coding of, a file is what it is") {
  PrecodedStage stage;
  stage.files.entries["x.js.gz"].content = "coded";
  CHECK(stage.get("/x.js.gz", accepting("gzip")).field("content-encoding") == "gzip");
  stage.files.entries["x.js"].content = "plain";
  stage.bench.clock.advance(stage.limits.fresh);
  HandlerCall own = stage.get("/x.js.gz", accepting("gzip"));
  CHECK(own.field("content-encoding").empty());
  CHECK(own.field("content-type") == "application/gzip");
  CHECK(own.field("vary").empty());
  stage.files.entries["x.js"].mode = S_IFDIR | 0755U;
  stage.bench.clock.advance(stage.limits.fresh);
  CHECK(stage.get("/x.js.gz", accepting("gzip")).field("content-encoding") == "gzip");
  stage.files.entries["y.js.gz"].content = "coded";
  stage.files.entries["y.js"].open_error = ErrorCode::unavailable;
  HandlerCall unsure = stage.get("/y.js.gz", accepting("gzip"));
  CHECK(unsure.field("content-encoding").empty());
  CHECK(unsure.field("vary") == "accept-encoding");
}

TEST_CASE("what is beside a coded name is not looked for at each request") {
  PrecodedStage stage;
  stage.files.entries["x.js.gz"].content = "coded";
  CHECK(stage.status("/x.js.gz") == 200);
  stage.files.opened.clear();
  CHECK(stage.status("/x.js.gz") == 200);
  CHECK(stage.files.opened.empty());
}

TEST_CASE("a .zst file whose window is too large is not sent, and that is reported") {
  PrecodedStage stage;
  stage.files.entries["x.css"].content = "plain";
  stage.files.entries["x.css.zst"].content = kLarge;
  HandlerCall call = stage.get("/x.css", accepting("zstd"));
  CHECK(call.field("content-encoding").empty());
  CHECK(call.field("vary").empty());
  CHECK(call.body() == "plain");
  REQUIRE(stage.said.size() == 1);
  CHECK(stage.said[0].starts_with("x.css.zst is not sent as zstd: its window exceeds 8 MiB"));
  stage.files.reads.clear();
  CHECK(stage.get("/x.css", accepting("zstd")).status() == 200);
  CHECK(stage.files.reads.empty());  // it is known
  CHECK(stage.said.size() == 1);

  auto& zst = stage.files.entries["x.css.zst"];
  zst.content = kFits;
  zst.inode = 2;
  stage.bench.clock.advance(stage.limits.fresh);
  HandlerCall fits = stage.get("/x.css", accepting("zstd"));
  CHECK(fits.field("content-encoding") == "zstd");
  CHECK(fits.body() == kFits);
  zst.content = "no frame at all";
  zst.inode = 3;
  stage.bench.clock.advance(stage.limits.fresh);
  CHECK(stage.get("/x.css", accepting("zstd")).body() == "plain");
  REQUIRE(stage.said.size() == 2);
  CHECK(stage.said[1].contains("does not begin with a zstd frame"));
}

TEST_CASE("a coded name with too large a window is sent as it is") {
  PrecodedStage stage;
  stage.files.entries["x.data.zst"].content = kLarge;
  HandlerCall call = stage.get("/x.data.zst", accepting("zstd"));
  CHECK(call.field("content-encoding").empty());
  CHECK(call.field("content-type") == "application/zstd");
  CHECK(stage.said.size() == 1);
  stage.files.entries["y.data.zst"].content = kFits;
  CHECK(stage.get("/y.data.zst", accepting("zstd")).field("content-encoding") == "zstd");
  stage.files.entries["z.data.zst"].content = kFits;
  stage.files.entries["z.data.zst"].read_error = ErrorCode::io;
  CHECK(stage.ask("HEAD", "/z.data.zst", accepting("zstd")).field("content-encoding").empty());
}

TEST_CASE("a field for some files is on what is said of them, and in place of the one for all") {
  SiteStage stage;
  stage.options.headers = {{"x-a", "all"},
                           {"x-a", "text", "*.txt"},
                           {"x-a", "text too", "a.*"},
                           {"x-b", "folder", "dir/*"},
                           {"cache-control", "private", "*.txt"}};
  HandlerCall text = stage.get("/a.txt");
  CHECK(text.responder.heads[0].headers.count("x-a") == 2);
  CHECK(text.field("x-a") == "text");
  CHECK(text.field("cache-control") == "private");
  CHECK(text.field("x-b").empty());
  HandlerCall index = stage.get("/dir/");  // the file that was found counts
  CHECK(index.field("x-a") == "all");
  CHECK(index.field("x-b") == "folder");
  CHECK(stage.get("/a.txt", {{"if-match", "\"x\""}}).field("x-a") == "text");
  CHECK(stage.get("/a.txt", accepting("*;q=0, br;q=0")).field("x-a") == "text");
  CHECK(stage.get("/dir").field("x-b").empty());
}
