#include "handlers/files/file_cache.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "cache_stage.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;
using Stage = CacheStage;

TEST_CASE("a file that was looked at just now is not looked at again") {
  Stage stage;
  const auto first = stage.open("a").value();
  stage.bench.clock.advance(stage.limits.fresh - 1ns);
  CHECK(stage.open("a").value().get() == first.get());
  CHECK(stage.files.opened.size() == 1);
  stage.bench.clock.advance(1ns);
  CHECK(stage.open("a").value().get() == first.get());
  CHECK(stage.files.opened.size() == 2);
  CHECK(stage.files.open_files == 1);
}

TEST_CASE("a file that changed is another one, and who has the old one keeps it") {
  const auto change = [](FakeFiles::Entry& entry, int what) {
    if (what == 0) entry.inode = 2;
    if (what == 1) entry.modified += 1;
    if (what == 2) entry.modified_ns = 1;
    if (what == 3) entry.changed += 1;
    if (what == 4) entry.claimed_size = 5;
    if (what == 5) entry.mode = S_IFREG | 0600U;
  };
  for (int what = 0; what < 6; ++what) {
    CAPTURE(what);
    Stage stage;
    const auto first = stage.load("a");
    change(stage.files.entries["a"], what);
    stage.bench.clock.advance(stage.limits.fresh);
    const auto second = stage.open("a").value();
    CHECK(second.get() != first.get());
    CHECK(second->body.empty());
    CHECK(first->body.size() == 4);
    CHECK(stage.cache->kept() == 1);
    CHECK(stage.cache->use().files == 2);
  }
}

TEST_CASE("a file that is gone is not served from memory") {
  Stage stage;
  (void)stage.load("a");
  stage.files.entries.erase("a");
  stage.bench.clock.advance(stage.limits.fresh);
  CHECK(stage.open("a").error().code == ErrorCode::not_found);
  CHECK(stage.cache->kept() == 0);
  CHECK(stage.cache->use().files == 0);
  CHECK(stage.cache->use().bytes == 0);
}

TEST_CASE("a file that was modified a moment before it was read is read again") {
  Stage stage;
  auto& entry = stage.files.entries["a"];
  entry.modified = std::chrono::system_clock::to_time_t(stage.bench.clock.wall()) - 1;
  entry.modified_ns = 5;
  const auto first = stage.load("a");
  CHECK_FALSE(first->is_settled());
  CHECK(first->etag(CachedFile::As::itself, "").starts_with("W/\""));
  entry.content = "EDIT";  // within the same step of the file system's clock
  stage.bench.clock.advance(2s);
  const auto second = stage.load("a");
  REQUIRE(second.get() != first.get());
  CHECK(second->is_settled());
  CHECK(text_of(second->body.bytes()) == "EDIT");
  CHECK(second->etag(CachedFile::As::itself, "").starts_with('"'));
}

TEST_CASE("no more files are kept than the limit says, the least recently used goes first") {
  Stage stage;
  for (const char* name : {"a", "b", "c", "d"}) (void)stage.open(name);
  CHECK(stage.cache->kept() == 4);
  (void)stage.open("a");
  (void)stage.open("e");
  CHECK(stage.cache->kept() == 4);
  CHECK(stage.files.open_files == 4);
  stage.files.opened.clear();
  (void)stage.open("a");
  CHECK(stage.files.opened.empty());
  (void)stage.open("b");
  CHECK(stage.files.opened == std::vector<std::string>{"b"});
}

TEST_CASE("no more bytes are kept than the limit says") {
  Stage stage;
  for (const char* name : {"a", "b", "c"}) (void)stage.load(name);
  CHECK(stage.cache->use().bytes == stage.limits.cache_bytes);
  CHECK(stage.cache->kept() == 3);
  (void)stage.load("d");
  CHECK(stage.cache->use().bytes == stage.limits.cache_bytes);
  CHECK(stage.cache->kept() == 3);
}

TEST_CASE("files that are being sent count, and beyond the limit none is opened") {
  Stage stage;
  std::vector<Ref<CachedFile>> sent;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) sent.push_back(stage.open(name).value());
  CHECK(stage.cache->use().files == 6);
  const auto refused = stage.open("g");
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(stage.files.open_files == 6);
  sent.pop_back();  // "f" is kept, and nobody needs it
  CHECK(stage.open("g").has_value());
  CHECK(stage.files.open_files <= 6);
}

TEST_CASE("small bodies are kept, larger ones are not") {
  Stage stage;
  stage.files.entries["a"].content = "12345678";
  stage.files.entries["b"].content = "123456789";
  CHECK(stage.load("a")->body.size() == 8);
  CHECK(stage.load("b")->body.empty());
  CHECK(stage.files.reads == std::vector<std::size_t>{8});
  (void)stage.load("a");
  CHECK(stage.files.reads.size() == 1);
}

TEST_CASE("a body that is not whole, or of another moment, is not kept") {
  Stage stage;
  SECTION("a short read") { stage.files.short_reads = 3; }
  SECTION("a failed read") { stage.files.entries["a"].read_error = ErrorCode::io; }
  SECTION("a change between opening and reading") {
    (void)stage.open("a");
    stage.files.entries["a"].content = "EDIT";
    stage.files.entries["a"].modified += 1;
  }
  CHECK(stage.load("a")->body.empty());
  CHECK(stage.cache->use().bytes == 0);
}

TEST_CASE("what is being sent is not given up, which would free nothing") {
  Stage stage;
  std::vector<Ref<CachedFile>> sent;
  for (const char* name : {"a", "b", "c", "d", "e"}) sent.push_back(stage.load(name));
  CHECK(stage.cache->kept() == 5);
  stage.files.opened.clear();
  CHECK(stage.open("a").value().get() == sent[0].get());
  CHECK(stage.files.opened.empty());
  sent.clear();
  stage.cache->trim();
  CHECK(stage.cache->kept() == 3);
  CHECK(stage.cache->use().bytes <= stage.limits.cache_bytes);
}

TEST_CASE("a file that nobody asks for is closed after a while") {
  Stage stage;
  (void)stage.open("a");
  const auto sent = stage.open("b").value();
  (void)stage.open("c");
  const auto pass = [&](Duration time) {
    stage.bench.clock.advance(time);
    (void)stage.open("c");
    stage.timers.advance_to(stage.bench.clock.now());
  };
  const TimePoint end = stage.bench.clock.now() + stage.limits.idle;
  while (stage.bench.clock.now() < end - 100ms) pass(100ms);
  CHECK(stage.cache->kept() == 3);
  for (Duration more{}; more <= stage.limits.quiet; more += 100ms) pass(100ms);
  CHECK(stage.cache->kept() == 2);  // b is being sent, c is asked for
  CHECK(stage.files.open_files == 2);
  CHECK(stage.timers.size() == 1);
}

TEST_CASE("a kept file is served on when no descriptor is left to look at it again") {
  Stage stage;
  const auto kept = stage.load("a");
  stage.files.entries["a"].open_error = ErrorCode::unavailable;
  stage.bench.clock.advance(stage.limits.fresh);
  CHECK(stage.open("a").value().get() == kept.get());
  stage.files.entries["a"].content = "longer than before";
  stage.bench.clock.advance(stage.limits.fresh);
  CHECK(stage.open("a").error().code == ErrorCode::unavailable);
}

TEST_CASE("a pipe is not kept open") {
  Stage stage;
  stage.files.entries["a"].mode = S_IFIFO | 0644U;
  CHECK_FALSE(stage.open("a").value()->is_regular());
  CHECK(stage.files.open_files == 0);
}

TEST_CASE("a time that stands for no time says nothing of a file") {
  Stage stage;
  stage.limits.content_tag_bytes = 3;  // one less than it has
  auto& entry = stage.files.entries["a"];
  for (const std::time_t constant : {0, 1, 315'532'800, 499'162'500}) {
    entry.modified = constant;
    entry.changed += 10;
    stage.bench.clock.advance(1s);
    const auto file = stage.open("a").value();
    CHECK_FALSE(file->is_dated());
    const std::string tag(file->etag(CachedFile::As::itself, ""));
    entry.changed += 10;  // replaced by another one of the same size and time
    stage.bench.clock.advance(1s);
    CHECK(stage.open("a").value()->etag(CachedFile::As::itself, "") != tag);
  }
  entry.modified = 2;
  stage.bench.clock.advance(1s);
  CHECK(stage.open("a").value()->is_dated());
}

TEST_CASE("a time before 1970 or far ahead says nothing, and nothing overflows") {
  constexpr auto kLeast = std::numeric_limits<std::time_t>::min();
  constexpr auto kMost = std::numeric_limits<std::time_t>::max();
  Stage stage;
  auto& entry = stage.files.entries["a"];
  entry.modified_ns = 999'999'999;
  const auto look = [&](std::time_t modified) {
    entry.modified = modified;
    stage.bench.clock.advance(1s);
    return stage.open("a").value();
  };
  for (const std::time_t modified :
       {kLeast, std::time_t{-7'500'000'000}, std::time_t{-1}, std::time_t{9'000'000'001}, kMost}) {
    CAPTURE(modified);
    const auto file = look(modified);
    CHECK_FALSE(file->is_dated());
    CHECK(file->tag() == CachedFile::Tag::changed);
    CHECK(file->is_settled());
    CHECK(file->etag(CachedFile::As::itself, "").starts_with("\"4-c"));
  }
  for (const std::time_t modified : {std::time_t{2}, std::time_t{9'000'000'000}}) {
    CAPTURE(modified);
    CHECK(look(modified)->is_dated());
    CHECK(look(modified)->tag() == CachedFile::Tag::modified);
  }
  entry.changed = kMost;
  CHECK_FALSE(look(-1)->is_settled());
  entry.changed = kLeast;
  CHECK(look(-1)->is_settled());
}

TEST_CASE("a file whose time has no fraction is tagged by its content, up to a limit") {
  Stage stage;
  auto& entry = stage.files.entries["a"];
  entry.modified = 1'577'836'800;
  stage.limits.content_tag_bytes = 4;
  const auto at = stage.open("a").value();
  CHECK(at->tag() == CachedFile::Tag::content);
  CHECK_FALSE(at->is_tagged());
  CHECK(at->etag(CachedFile::As::itself, "").starts_with("W/\"4-c"));
  at->derived()->digest.finish(sha256(std::as_bytes(std::span("body", 4))));
  CHECK(at->is_tagged());
  const std::string sum = "230d8358dc8e8890b4c58deeb62912ee";
  CHECK(at->etag(CachedFile::As::itself, "") == "\"" + sum + "\"");
  CHECK(at->etag(CachedFile::As::precompressed, ".br") == "\"" + sum + ".br\"");
  CHECK(at->etag(CachedFile::As::live_gzip, "+gz") == "W/\"" + sum + "+gz\"");

  stage.limits.content_tag_bytes = 3;
  stage.cache->doubt("a");
  const auto above = stage.open("a").value();
  CHECK(above->tag() == CachedFile::Tag::modified);
  CHECK(above->etag(CachedFile::As::itself, "") == "\"4-15e59a35b98a0000\"");
  above->derived()->digest.finish(sha256(std::as_bytes(std::span("body", 4))));
  CHECK(above->etag(CachedFile::As::itself, "") == "\"4-15e59a35b98a0000\"");
}

TEST_CASE("what is tagged by its content holds only for as long as its inode does not change") {
  Stage stage;
  auto& entry = stage.files.entries["a"];
  const auto file = stage.open("a").value();
  CHECK(file->holds());
  ++entry.changed;
  CHECK_FALSE(file->holds());
}

TEST_CASE("an open that is cancelled calls nobody back") {
  Stage stage;
  stage.files.later = true;
  auto operation = stage.cache->open(stage.root(), "a", [](auto) { FAIL("called"); });
  REQUIRE(operation != nullptr);
  operation.reset();
  CHECK(stage.files.waiting() == 0);
}
