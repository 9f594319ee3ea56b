#pragma once
#include <cstddef>
#include <cstring>

#include "base/account.h"
#include "base/block_pool.h"

namespace troika {

// The memory of a C library for one connection: its blocks come from a worker's pool, and are
// charged to the connection's account until the library frees them. It outlives what the library
// has made with it.
class LibraryMemory {
 public:
  // The arguments outlive it.
  LibraryMemory(Account& account, BlockPool& blocks) noexcept
      : account_(account), blocks_(blocks) {}
  LibraryMemory(const LibraryMemory&) = delete;
  LibraryMemory& operator=(const LibraryMemory&) = delete;

  // The library's table of functions: nghttp2_mem, nghttp3_mem, ngtcp2_mem. They are alike.
  template <class Table>
  Table table() noexcept {
    return {this, allocate, release, allocate_cleared, reallocate};
  }

  // The library did not get a block. Not all of its functions tell that they failed, so what has
  // been made with this memory is to be used no more.
  bool failed() const noexcept { return failed_; }

 private:
  static LibraryMemory& of(void* user) noexcept { return *static_cast<LibraryMemory*>(user); }

  static void* allocate(std::size_t size, void* user) noexcept {
    return of(user).charged(of(user).blocks_.take(size));
  }

  static void* allocate_cleared(std::size_t count, std::size_t size, void* user) noexcept {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    void* const data = allocate(bytes, user);
    if (data != nullptr) std::memset(data, 0, bytes);
    return data;
  }

  static void* reallocate(void* data, std::size_t size, void* user) noexcept {
    if (data == nullptr) return allocate(size, user);
    BlockPool::Block* const block = BlockPool::Block::of(data);
    const std::size_t before = block->bytes;
    BlockPool::Block* const larger = of(user).blocks_.grow(block, size);
    if (larger == nullptr) return of(user).charged(nullptr);
    of(user).account_.add(larger->bytes);
    of(user).account_.remove(before);
    return larger->data();
  }

  static void release(void* data, void* user) noexcept {
    if (data == nullptr) return;
    BlockPool::Block* const block = BlockPool::Block::of(data);
    of(user).account_.remove(block->bytes);
    of(user).blocks_.give_back(block);
  }

  void* charged(BlockPool::Block* block) noexcept {
    if (block == nullptr) {
      failed_ = true;
      return nullptr;
    }
    account_.add(block->bytes);
    return block->data();
  }

  Account& account_;
  BlockPool& blocks_;
  bool failed_ = false;
};

}  // namespace troika
