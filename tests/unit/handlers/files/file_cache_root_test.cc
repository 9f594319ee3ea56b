// What a cache keeps when its folder is closed, is gone, or has become another one.
#include <catch2/catch_test_macros.hpp>

#include "cache_stage.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;
using Stage = CacheStage;

TEST_CASE("all is closed when nobody has asked for anything for a moment") {
  Stage stage;
  (void)stage.load("a");
  auto sent = stage.open("b").value();
  stage.pass(stage.limits.quiet - 1ns);
  CHECK(stage.files.open_roots == 1);
  CHECK(stage.files.open_files == 2);
  (void)stage.open("b");
  stage.pass(1ns);
  CHECK(stage.files.open_roots == 1);
  CHECK(stage.cache->kept() == 2);
  stage.pass(stage.limits.quiet - 1ns);
  CHECK(stage.files.open_roots == 0);
  CHECK(stage.files.open_files == 1);  // b is being sent
  sent = {};
  stage.pass(stage.limits.quiet);
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
  stage.pass(stage.limits.quiet);
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
    stage.pass(stage.limits.quiet);
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
    stage.pass(stage.limits.quiet);
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
