// Entity tags of content: when they are worked out, kept, and gone without.
#include <catch2/catch_test_macros.hpp>

#include "site_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

using namespace std::chrono_literals;

std::string tag_of(SiteStage& stage, std::string_view raw) { return stage.get(raw).field("etag"); }

}  // namespace

TEST_CASE("a redeploy of equal size and time is noticed") {
  SiteStage stage;
  auto& entry = stage.files.entries["a.txt"];
  entry.content = "first";
  const std::string first = tag_of(stage, "/a.txt");
  CHECK(first.starts_with('"'));
  CHECK(stage.get("/a.txt", {{"if-none-match", first}}).status() == 304);
  entry.content = "other";
  entry.inode = 2;
  entry.changed += 10;
  stage.bench.clock.advance(stage.limits.fresh);
  HandlerCall call = stage.get("/a.txt", {{"if-none-match", first}});
  CHECK(call.status() == 200);
  CHECK(call.body() == "other");
  CHECK(stage.get("/a.txt", {{"range", "bytes=0-1"}, {"if-range", first}}).status() == 200);
}

TEST_CASE("a file is hashed once, under whatever names and however often it is opened again") {
  SiteStage stage;
  for (const char* const name : {"a.txt", "copy/a.txt"}) {
    stage.files.entries[name].content = "hello";
    stage.files.entries[name].device = 3;
  }
  const std::string tag = tag_of(stage, "/a.txt");
  CHECK(stage.hashing.posted == 1);
  CHECK(stage.get("/copy/a.txt", {{"want-repr-digest", "sha-256=1"}}).field("etag") == tag);
  stage.pass(stage.limits.idle);
  CHECK(stage.files.open_files == 0);
  CHECK(stage.ask("HEAD", "/a.txt").field("etag") == tag);
  CHECK(stage.hashing.posted == 1);
  CHECK(stage.background.posted == 0);
}

TEST_CASE("what may have changed without a trace is hashed again") {
  SiteStage stage;
  auto& entry = stage.files.entries["a.txt"];
  entry.changed = std::chrono::system_clock::to_time_t(stage.bench.clock.wall()) - 1;
  const std::string tag = tag_of(stage, "/a.txt");
  CHECK(tag.starts_with("W/\""));
  entry.content = "HELLO";
  stage.bench.clock.advance(2s);
  const std::string settled = tag_of(stage, "/a.txt");
  CHECK(settled.starts_with('"'));
  CHECK("W/" + settled != tag);
}

TEST_CASE("so many files are hashed at a time, of the next the tag is weak for now") {
  SiteStage stage;
  stage.limits.tags.count = 2;
  for (const char* const name : {"b.txt", "c.txt"}) stage.files.entries[name].content = name;
  stage.hashing.later = true;
  HandlerCall first = stage.ask("HEAD", "/a.txt");
  HandlerCall second = stage.get("/b.txt");
  HandlerCall joined = stage.get("/b.txt");  // what is under way already costs nothing more
  CHECK(first.responder.heads.empty());
  CHECK(second.responder.heads.empty());
  CHECK(joined.responder.heads.empty());
  HandlerCall third = stage.get("/c.txt", {{"want-repr-digest", "sha-256=1"}});
  CHECK(third.status() == 200);
  CHECK(third.field("etag").starts_with("W/\"5-c"));
  CHECK(third.field("repr-digest").empty());
  CHECK(third.body() == "c.txt");
  CHECK(stage.get("/c.txt", {{"if-none-match", third.field("etag")}}).status() == 304);
  stage.hashing.complete();
  CHECK(first.status() == 200);
  HandlerCall again = stage.get("/c.txt");
  CHECK(again.responder.heads.empty());
  while (stage.hashing.waiting() > 0) stage.hashing.complete();
  CHECK(joined.status() == 200);
  CHECK(joined.field("etag") == second.field("etag"));
  CHECK(again.field("etag").starts_with('"'));
  CHECK(stage.get("/c.txt").field("etag") == again.field("etag"));
}

TEST_CASE("a tag that nobody waits for is not worked out, and takes no place") {
  SiteStage stage;
  stage.limits.tags.count = 1;
  stage.files.entries["b.txt"].content = "other";
  stage.hashing.later = true;
  HandlerCall gone = stage.get("/a.txt");
  gone.job.reset();
  stage.hashing.complete();
  HandlerCall next = stage.get("/b.txt");
  CHECK(next.responder.heads.empty());
  next.job.reset();
  stage.hashing.begin();
  HandlerCall again = stage.get("/b.txt");  // comes when the work has been given up
  stage.hashing.end();
  CHECK(again.responder.heads.empty());
  stage.hashing.complete();
  CHECK(again.field("etag").starts_with('"'));
}

TEST_CASE("a file that cannot be hashed is sent with a weak tag") {
  SiteStage stage;
  auto& entry = stage.files.entries["a.txt"];
  entry.read_error = ErrorCode::io;
  HandlerCall call = stage.ask("HEAD", "/a.txt");
  CHECK(call.status() == 200);
  CHECK(call.field("etag").starts_with("W/\"5-c"));
  entry.read_error.reset();
  CHECK(stage.ask("HEAD", "/a.txt").field("etag").starts_with('"'));
}

TEST_CASE("a job may go after what it waits for has gone") {
  SiteStage stage;
  stage.hashing.later = true;
  HandlerCall call = stage.get("/a.txt");
  stage.hashing.drop();
  stage.files.entries["a.txt"].content = "longer than before";
  stage.bench.clock.advance(stage.limits.fresh);
  stage.hashing.later = false;
  CHECK(stage.status("/a.txt") == 200);  // the cache has another file by that name
  CHECK(call.responder.heads.empty());
  call.job.reset();
}
