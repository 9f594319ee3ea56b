#pragma once
// A cache in front of fake files, with small limits; nothing is left at its end.
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

#include "handlers/files/file_cache.h"
#include "support/fake_files.h"
#include "support/session_harness.h"

namespace troika::test {

struct CacheStage {
  CacheStage() {
    for (const char name : std::string("abcdefgh"))
      files.entries[std::string(1, name)].content = "body";
    limits.cache_files = 4;
    limits.open_files = 6;
    limits.cache_bytes = 3 * BufferPool::kSizes[0];
    limits.small_body = 8;
  }
  ~CacheStage() {
    CHECK(cache->use().files >= cache->kept());
    cache.reset();
    kept.reset();
    CHECK(files.open_files == 0);
    CHECK(files.open_roots == 0);
    CHECK(bench.pool.outstanding() == 0);
  }
  CacheStage(const CacheStage&) = delete;
  CacheStage& operator=(const CacheStage&) = delete;

  Result<Ref<RootFolder>> find_root() {
    Result<Ref<RootFolder>> result = fail(ErrorCode::internal, "never called");
    const auto operation = cache->find_root([&](auto found) { result = std::move(found); });
    CHECK(operation == nullptr);
    return result;
  }
  void pass(Duration time) {
    bench.clock.advance(time);
    timers.advance_to(bench.clock.now());
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
  std::optional<KeptFiles> kept{std::in_place, limits};
  std::optional<FileCache> cache{std::in_place, files, timers, bench.clock, *kept};
};

}  // namespace troika::test
