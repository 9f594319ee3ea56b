#include "handlers/static/file_cache.h"

#include <catch2/catch_test_macros.hpp>

#include "support/fake_files.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

using namespace std::chrono_literals;

struct Stage {
  Stage() {
    for (const char name : std::string("abcdefgh"))
      files.entries[std::string(1, name)].content = "body";
    limits.cache_files = 4;
    limits.open_files = 6;
    limits.cache_bytes = 3 * BufferPool::kSizes[0];
    limits.small_body = 8;
  }
  ~Stage() {
    CHECK(cache->use().files >= cache->kept());
    cache.reset();
    CHECK(files.open_files == 0);
    CHECK(files.open_roots == 0);
    CHECK(bench.pool.outstanding() == 0);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Result<Ref<RootFolder>> find_root() {
    Result<Ref<RootFolder>> result = fail(ErrorCode::internal, "never called");
    const auto operation = cache->find_root([&](auto found) { result = std::move(found); });
    CHECK(operation == nullptr);
    return result;
  }
  Ref<RootFolder> root() { return find_root().value_or(Ref<RootFolder>()); }
  Result<Ref<CachedFile>> open(const std::string& name) {
    Result<Ref<CachedFile>> result = fail(ErrorCode::internal, "never called");
    const auto operation = cache->open(root(), name, [&](auto file) { result = std::move(file); });
    CHECK(operation == nullptr);
    return result;
  }
  Ref<CachedFile> load(const std::string& name) {
    Ref<CachedFile> file = open(name).value();
    bool done = false;
    CHECK(cache->load(file, [&] { done = true; }) == nullptr);
    CHECK(done);
    return file;
  }

  Bench bench;
  FakeFiles files{bench.pool};
  SiteLimits limits;
  TimerQueue timers;
  std::optional<FileCache> cache{std::in_place, files, timers, bench.clock, limits};
};

}  // namespace

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

TEST_CASE("all is closed when nobody has asked for anything for a moment") {
  Stage stage;
  (void)stage.load("a");
  auto sent = stage.open("b").value();
  const auto pass = [&](Duration time) {
    stage.bench.clock.advance(time);
    stage.timers.advance_to(stage.bench.clock.now());
  };
  pass(stage.limits.quiet - 1ns);
  CHECK(stage.files.open_roots == 1);
  CHECK(stage.files.open_files == 2);
  (void)stage.open("b");
  pass(1ns);
  CHECK(stage.files.open_roots == 1);
  CHECK(stage.cache->kept() == 2);
  pass(stage.limits.quiet - 1ns);
  CHECK(stage.files.open_roots == 0);
  CHECK(stage.files.open_files == 1);  // b is being sent
  sent = {};
  pass(stage.limits.quiet);
  CHECK(stage.files.open_files == 0);
  CHECK(stage.timers.size() == 0);
  CHECK(stage.load("a")->body.size() == 4);
  CHECK(stage.files.open_roots == 1);
}

TEST_CASE("the folder is looked for again when the last look was a moment ago") {
  Stage stage;
  const auto first = stage.root();
  stage.bench.clock.advance(stage.limits.fresh - 1ns);
  CHECK(stage.root().get() == first.get());
  CHECK(stage.files.looks == 1);
  stage.bench.clock.advance(1ns);
  CHECK(stage.root().get() == first.get());  // the same folder, so what is kept stays
  CHECK(stage.files.looks == 2);
  CHECK(stage.files.open_roots == 1);
  CHECK(stage.root().get() == first.get());
  CHECK(stage.files.looks == 2);
}

TEST_CASE("of another folder nothing is kept, and who began with the old one ends with it") {
  Stage stage;
  const auto old = stage.root();
  const auto kept = stage.load("a");
  stage.bench.clock.advance(stage.limits.fresh);
  SECTION("another inode") { stage.files.root.inode = 2; }
  SECTION("another device") { stage.files.root.device = 2; }
  const auto now = stage.root();
  CHECK(now.get() != old.get());
  CHECK(stage.cache->kept() == 0);
  CHECK(stage.load("a").get() != kept.get());
  CHECK(stage.cache->kept() == 1);
  bool called = false;
  const auto operation = stage.cache->open(old, "a", [&](const Result<Ref<CachedFile>>& file) {
    called = true;
    CHECK(file.error().code == ErrorCode::not_found);  // not that of the new folder
  });
  CHECK(called);
  CHECK(stage.cache->kept() == 1);
}

TEST_CASE("a folder that is missing has nothing in it, and is looked for at every request") {
  Stage stage;
  (void)stage.load("a");
  stage.bench.clock.advance(stage.limits.fresh);
  stage.files.root_error = ErrorCode::not_found;
  CHECK(stage.find_root().error().code == ErrorCode::not_found);
  CHECK(stage.open("a").error().code == ErrorCode::not_found);
  CHECK(stage.cache->kept() == 0);
  CHECK(stage.files.open_roots == 0);
  stage.files.root_error.reset();
  CHECK(stage.open("a").has_value());
}

TEST_CASE("the folder is served on when no descriptor is left to look for it") {
  Stage stage;
  const auto root = stage.root();
  stage.bench.clock.advance(stage.limits.fresh);
  stage.files.root_error = ErrorCode::unavailable;
  CHECK(stage.root().get() == root.get());
  stage.bench.clock.advance(stage.limits.quiet);
  stage.timers.advance_to(stage.bench.clock.now());
  CHECK(stage.find_root().error().code == ErrorCode::unavailable);
}

TEST_CASE("an older look for the folder that ends later does not bring the old one back") {
  Stage stage;
  stage.files.root_later = true;
  Ref<RootFolder> first, second;
  const auto slow = stage.cache->find_root([&](auto found) { first = std::move(*found); });
  stage.bench.clock.advance(1ns);
  stage.files.root.inode = 2;
  stage.files.root_later = false;
  second = stage.root();
  stage.files.complete();
  CHECK(first->id().inode == 1);
  CHECK(second->id().inode == 2);
  CHECK(stage.root().get() == second.get());
}

TEST_CASE("what was worked out from a file stays when it is closed, for the file in that state") {
  Stage stage;
  const auto make = [&](const Ref<CachedFile>& file) {
    const Slice slice = stage.bench.pool.copy("coded");
    file->derived()->encoded[1].finish(Encoded{{.pieces = {slice}, .size = 5}});
    file->derived()->charge(slab_size(5));
  };
  const auto is_kept = [](const Ref<CachedFile>& file) {
    return file->derived()->encoded[1].get() != nullptr;
  };
  make(stage.open("a").value());
  const std::size_t bytes = stage.cache->use().bytes;
  CHECK(bytes > 0);
  SECTION("closed when nobody asked") {
    stage.bench.clock.advance(stage.limits.quiet);
    stage.timers.advance_to(stage.bench.clock.now());
    CHECK(stage.files.open_files == 0);
    CHECK(stage.cache->use().bytes == bytes);
    CHECK(is_kept(stage.open("a").value()));
  }
  SECTION("beneath another root, as after a move") {
    stage.bench.clock.advance(stage.limits.fresh);
    stage.files.root.inode = 2;
    CHECK(is_kept(stage.open("a").value()));
  }
  SECTION("not for a file that has changed") {
    stage.files.entries["a"].changed += 1;
    stage.bench.clock.advance(stage.limits.fresh);
    CHECK_FALSE(is_kept(stage.open("a").value()));
  }
  SECTION("within the bounds of bytes, and given up before open files are") {
    stage.bench.clock.advance(stage.limits.quiet);
    stage.timers.advance_to(stage.bench.clock.now());
    for (const char* name : {"b", "c", "d"}) {
      stage.files.entries[name].inode = 7;  // another file
      (void)stage.load(name);
    }
    CHECK(stage.cache->use().bytes == stage.limits.cache_bytes);
    CHECK(stage.cache->kept() == 3);
    CHECK_FALSE(is_kept(stage.open("a").value()));
  }
  SECTION("within the bound of their count") {
    for (int i = 0; i < 20; ++i) {
      stage.files.entries["a"].inode = 10 + static_cast<ino_t>(i);
      stage.bench.clock.advance(stage.limits.fresh);
      const auto file = stage.open("a").value();
      file->derived()->digest.finish(Sha256{});
    }
    stage.files.entries["a"].inode = 1;
    stage.bench.clock.advance(stage.limits.fresh);
    CHECK_FALSE(is_kept(stage.open("a").value()));
  }
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
  auto& entry = stage.files.entries["a"];
  for (const std::time_t constant : {0, 1, 315'532'800, 499'162'500}) {
    entry.modified = constant;
    entry.changed += 10;
    stage.bench.clock.advance(1s);
    const auto file = stage.open("a").value();
    CHECK_FALSE(file->is_dated());
    const std::string tag = file->etag(CachedFile::As::itself, "");
    entry.changed += 10;  // replaced by another one of the same size and time
    stage.bench.clock.advance(1s);
    CHECK(stage.open("a").value()->etag(CachedFile::As::itself, "") != tag);
  }
  entry.modified = 2;
  stage.bench.clock.advance(1s);
  CHECK(stage.open("a").value()->is_dated());
}

TEST_CASE("a time beyond what nanoseconds can count is no overflow") {
  Stage stage;
  stage.files.entries["a"].modified = 16'000'000'000;  // year 2477
  CHECK_FALSE(stage.open("a").value()->is_settled());
}

TEST_CASE("an open that is cancelled calls nobody back") {
  Stage stage;
  stage.files.later = true;
  auto operation = stage.cache->open(stage.root(), "a", [](auto) { FAIL("called"); });
  REQUIRE(operation != nullptr);
  operation.reset();
  CHECK(stage.files.waiting() == 0);
}

TEST_CASE("an entity tag says size, time and coding") {
  Stage stage;
  auto& entry = stage.files.entries["a"];
  entry.modified = 1'577'836'800;
  entry.modified_ns = 5;
  const auto file = stage.open("a").value();
  CHECK(file->etag(CachedFile::As::itself, "") == "\"4-15e59a35b98a0005\"");
  CHECK(file->etag(CachedFile::As::sidecar, ".br") == "\"4-15e59a35b98a0005.br\"");
  CHECK(file->etag(CachedFile::As::live_gzip, "+gz") == "W/\"4-15e59a35b98a0005+gz\"");
}
