// The caches of several folders within common limits.
#include "cache_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

// A second folder.
struct Folders : CacheStage {
  Folders() {
    for (const char name : std::string("abcdefgh"))
      other_files.entries[std::string(1, name)].content = "body";
  }
  ~Folders() {
    other.reset();
    CHECK(other_files.open_files == 0);
    CHECK(other_files.open_roots == 0);
  }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  Result<Ref<RootFolder>> find_other() {
    Result<Ref<RootFolder>> result = fail(ErrorCode::internal, "never called");
    CHECK(other->find_root([&](auto found) { result = std::move(found); }) == nullptr);
    return result;
  }
  Result<Ref<CachedFile>> open_other(const std::string& name) {
    auto root = find_other();
    if (!root) return std::unexpected(root.error());
    Result<Ref<CachedFile>> result = fail(ErrorCode::internal, "never called");
    CHECK(other->open(*root, name, [&](auto file) { result = std::move(file); }) == nullptr);
    return result;
  }

  FakeFiles other_files{bench.pool};
  std::optional<FileCache> other{std::in_place, other_files, timers, bench.clock, *kept};
};

}  // namespace

TEST_CASE("Folders keep as many files together as one of them may") {
  Folders folders;
  for (const char* const name : {"a", "b", "c"}) CHECK(folders.open(name));
  for (const char* const name : {"a", "b"}) CHECK(folders.open_other(name));
  CHECK(folders.cache->kept() + folders.other->kept() == folders.limits.cache_files);
  CHECK(folders.cache->kept() == 2);  // "a" was used least recently
  for (const char* const name : {"c", "d", "e"}) CHECK(folders.open_other(name));
  CHECK(folders.cache->kept() == 0);
  CHECK(folders.other->kept() == 4);
}

TEST_CASE("A file of one folder is not that of another of the same name") {
  Folders folders;
  folders.other_files.entries["a"].content = "another";
  CHECK(folders.open("a").value()->size() == 4);
  CHECK(folders.open_other("a").value()->size() == 7);
  CHECK(folders.open("a").value()->size() == 4);
}

TEST_CASE("What folders send counts for all of them, and so does an open folder but the first") {
  Folders folders;
  std::vector<Ref<CachedFile>> sent;
  for (const char* const name : {"a", "b", "c", "d"}) sent.push_back(folders.open(name).value());
  CHECK(folders.find_other());
  // Four files and a folder; the sixth is refused to nobody, the seventh to both.
  sent.push_back(folders.open_other("a").value());
  CHECK(folders.open_other("b").error().code == ErrorCode::unavailable);
  CHECK(folders.open("e").error().code == ErrorCode::unavailable);
  sent.pop_back();
  CHECK(folders.open("e"));
}

TEST_CASE("An idle folder is closed for the files of another") {
  Folders folders;
  CHECK(folders.open("a"));
  CHECK(folders.find_other());
  CHECK(folders.other_files.open_roots == 1);
  std::vector<Ref<CachedFile>> sent;
  for (const char* const name : {"a", "b", "c", "d", "e", "f"}) {
    sent.push_back(folders.open(name).value());
  }
  CHECK(folders.other_files.open_roots == 0);
  CHECK(folders.open_other("a").error().code == ErrorCode::unavailable);
}

TEST_CASE("A folder that ends leaves nothing with the others") {
  Folders folders;
  CHECK(folders.open("a"));
  CHECK(folders.open_other("a"));
  folders.other.reset();
  CHECK(folders.kept->use().files == 1);
  CHECK(folders.open("b"));
}
