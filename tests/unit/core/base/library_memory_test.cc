#include "base/library_memory.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <vector>

namespace troika {
namespace {

// As the libraries declare theirs.
struct Table {
  void* user_data;
  void* (*malloc)(std::size_t, void*);
  void (*free)(void*, void*);
  void* (*calloc)(std::size_t, std::size_t, void*);
  void* (*realloc)(void*, std::size_t, void*);
};

struct Library {
  BlockPool pool;
  Account worker;
  Account account{&worker};
  LibraryMemory memory{account, pool};
  Table table = memory.table<Table>();
  void* take(std::size_t size) const { return table.malloc(size, table.user_data); }
  void free(void* data) const { table.free(data, table.user_data); }
};

constexpr std::size_t kHeader = sizeof(BlockPool::Block);

}  // namespace

TEST_CASE("What a library holds is charged until it frees it") {
  const Library library;
  void* const small = library.take(100);
  const std::size_t held = library.account.held();
  CHECK(held >= 100 + kHeader);
  CHECK(held < 100 + kHeader + BlockPool::kStep);
  CHECK(library.worker.held() == held);
  void* const large = library.take(100'000);
  CHECK(library.account.held() == held + 100'000 + kHeader);
  library.free(small);
  library.free(large);
  library.free(nullptr);
  CHECK(library.account.held() == 0);
  CHECK(library.worker.held() == 0);
}

TEST_CASE("A block that grows keeps its bytes") {
  const Library library;
  const Table& table = library.table;
  std::vector<unsigned char> text(200, 7);
  void* data = table.realloc(nullptr, 200, table.user_data);
  std::memcpy(data, text.data(), text.size());
  for (const std::size_t size : {201U, 3000U, 70'000U}) {
    data = table.realloc(data, size, table.user_data);
    CHECK(std::memcmp(data, text.data(), text.size()) == 0);
    CHECK(library.account.held() >= size + kHeader);
  }
  CHECK(table.realloc(data, 10, table.user_data) == data);
  library.free(data);
  CHECK(library.account.held() == 0);
}

TEST_CASE("Free blocks that nobody needs are freed") {
  if (!BlockPool::kKeeps) SKIP("blocks are not kept here");
  BlockPool pool;
  std::vector<BlockPool::Block*> blocks;
  for (const std::size_t size : {100U, 100U, 1000U}) blocks.push_back(pool.take(size));
  for (BlockPool::Block* const block : blocks) pool.give_back(block);
  const std::size_t all = pool.free_bytes();
  REQUIRE(all > 1200);
  pool.release_unneeded();  // all were needed until now
  CHECK(pool.free_bytes() == all);
  pool.give_back(pool.take(100));
  pool.release_unneeded();
  CHECK(pool.free_bytes() < 1000);
  CHECK(pool.free_bytes() > 0);
  pool.release_unneeded();
  CHECK(pool.free_bytes() == 0);
}

TEST_CASE("A cleared block is zero, also when it was used before") {
  const Library library;
  const Table& table = library.table;
  for (int i = 0; i < 2; ++i) {
    void* const data = table.calloc(10, 10, table.user_data);
    CHECK(std::memcmp(data, std::array<char, 100>{}.data(), 100) == 0);
    std::memset(data, 1, 100);
    library.free(data);
  }
  CHECK(table.calloc(SIZE_MAX / 2, 3, table.user_data) == nullptr);
  CHECK(table.malloc(SIZE_MAX - 1, table.user_data) == nullptr);
  CHECK(table.malloc(SIZE_MAX / 2 + 1, table.user_data) == nullptr);
  CHECK(library.account.held() == 0);
}

TEST_CASE("Small blocks are used again, large ones are not kept") {
  if (!BlockPool::kKeeps) SKIP("not with this sanitizer");
  constexpr std::size_t kMost = BlockPool::kLargest - kHeader;
  const Library library;
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, kMost}) {
    library.free(library.take(size));
    const std::uint64_t made = library.pool.made();
    library.free(library.take(size));
    CAPTURE(size);
    CHECK(library.pool.made() == made);
  }
  library.free(library.take(kMost + 1));
  const std::uint64_t made = library.pool.made();
  library.free(library.take(kMost + 1));
  CHECK(library.pool.made() == made + 1);
}

TEST_CASE("A library that did not get a block has failed for good, and holds what it held") {
  for (const bool grows : {false, true}) {
    Library library;
    void* const first = library.take(100);
    const std::size_t held = library.account.held();
    library.pool.miss(library.pool.taken() + 1);
    const Table& table = library.table;
    CHECK((grows ? table.realloc(first, 5000, table.user_data)
                 : table.calloc(1, 200, table.user_data)) == nullptr);
    CHECK(library.memory.failed());
    CHECK(library.account.held() == held);
    void* const next = library.take(100);
    CHECK(next != nullptr);
    CHECK(library.memory.failed());
    library.free(next);
    library.free(first);
  }
}

TEST_CASE("Free blocks are kept up to a limit") {
  if (!BlockPool::kKeeps) SKIP("not with this sanitizer");
  constexpr std::size_t kBytes = 1024;
  constexpr std::size_t kEnough = BlockPool::kKeptFree / kBytes;
  const Library library;
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < kEnough + 1; ++i) blocks.push_back(library.take(kBytes - kHeader));
  for (std::size_t i = 0; i < kEnough - 1; ++i) library.free(blocks[i]);
  CHECK(library.pool.free_bytes() == BlockPool::kKeptFree - kBytes);
  library.free(blocks[kEnough - 1]);
  CHECK(library.pool.free_bytes() == BlockPool::kKeptFree);
  library.free(blocks[kEnough]);
  CHECK(library.pool.free_bytes() == BlockPool::kKeptFree);
}

}  // namespace troika
