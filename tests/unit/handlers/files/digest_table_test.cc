#include "handlers/files/cached_file.h"

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <vector>

using namespace troika;

namespace {

struct stat file_of(ino_t inode) {
  struct stat info{};
  info.st_ino = inode;
  return info;
}

Sha256 sum_of(unsigned char first) { return {std::byte{first}}; }

}  // namespace

TEST_CASE("a digest is found by all that tells one state of a file from another") {
  DigestTable table(10);
  const struct stat file = file_of(1);
  table.add(file, sum_of(1));
  REQUIRE(table.find(file) != nullptr);
  CHECK(*table.find(file) == sum_of(1));
  using Change = void (*)(struct stat&);
  for (const Change change : std::initializer_list<Change>{
           [](struct stat& info) { ++info.st_dev; }, [](struct stat& info) { ++info.st_ino; },
           [](struct stat& info) { ++info.st_size; },
           [](struct stat& info) { ++info.st_mtim.tv_sec; },
           [](struct stat& info) { ++info.st_mtim.tv_nsec; },
           [](struct stat& info) { ++info.st_ctim.tv_sec; },
           [](struct stat& info) { ++info.st_ctim.tv_nsec; }}) {
    struct stat other = file;
    change(other);
    CHECK(table.find(other) == nullptr);
  }
}

TEST_CASE("so many digests are kept, the least recently used is forgotten") {
  DigestTable table(3);
  for (unsigned char i = 1; i <= 3; ++i) table.add(file_of(i), sum_of(i));
  CHECK(table.size() == 3);
  CHECK(table.find(file_of(1)) != nullptr);
  table.add(file_of(2), sum_of(9));  // again: takes no place
  CHECK(*table.find(file_of(2)) == sum_of(9));
  CHECK(table.size() == 3);
  table.add(file_of(4), sum_of(4));
  CHECK(table.size() == 3);
  CHECK(table.find(file_of(3)) == nullptr);
  CHECK(*table.find(file_of(1)) == sum_of(1));
  CHECK(*table.find(file_of(4)) == sum_of(4));
}
