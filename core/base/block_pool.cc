#include "base/block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace troika {

BlockPool::~BlockPool() {
  for (Block* block : free_) {
    while (block != nullptr) free_block(std::exchange(block, block->next_free));
  }
}

BlockPool::Block* BlockPool::make(std::size_t data) noexcept {
  ++made_;
  if (data > SIZE_MAX / 2) return nullptr;
  std::size_t bytes = sizeof(Block) + data;
  if (kKeeps && bytes <= kLargest) bytes = (index_of(bytes) + 1) * kStep;
  auto* const block = static_cast<Block*>(std::malloc(bytes));
  if (block != nullptr) block->bytes = bytes;
  return block;
}

void BlockPool::release_unneeded() noexcept {
  for (std::size_t i = free_.size(); i-- > 0;) {
    while (Block* const block = free_[i]) {
      if (block->bytes > least_free_) break;
      free_[i] = block->next_free;
      least_free_ -= block->bytes;
      free_bytes_ -= block->bytes;
      free_block(block);
    }
  }
  least_free_ = free_bytes_;
}

void BlockPool::free_block(Block* block) noexcept { std::free(block); }

BlockPool::Block* BlockPool::grow(Block* block, std::size_t data) noexcept {
  if (data <= block->capacity()) return block;
  Block* const larger = take(data);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger->data(), block->data(), block->capacity());
  give_back(block);
  return larger;
}

}  // namespace troika
