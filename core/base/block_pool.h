#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace troika {

// Small blocks of memory for what libraries allocate; one pool per worker. Blocks that were given
// back are kept for the next of their size. It must outlive its blocks.
class BlockPool {
 public:
  static constexpr std::size_t kStep = 32;             // bytes from one size to the next
  static constexpr std::size_t kLargest = 2048;        // bytes; larger blocks are not kept
  static constexpr std::size_t kKeptFree = 1U << 20U;  // bytes of free blocks kept for later
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kKeeps = false;  // or a use after free would not be seen
#else
  static constexpr bool kKeeps = true;
#endif

  // What stands before the bytes of a block.
  struct alignas(std::max_align_t) Block {
    std::size_t bytes;  // with this header
    Block* next_free;
    void* data() noexcept { return this + 1; }
    std::size_t capacity() const noexcept { return bytes - sizeof(Block); }
    static Block* of(void* data) noexcept { return static_cast<Block*>(data) - 1; }
  };

  BlockPool() noexcept = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // At least so many bytes of data, not cleared. Null: there is no memory.
  Block* take(std::size_t data) noexcept {
    if (++taken_ == missing_) [[unlikely]]
      return nullptr;
    const std::size_t bytes = sizeof(Block) + data;
    if (kKeeps && bytes <= kLargest) [[likely]] {
      Block*& head = free_[index_of(bytes)];
      if (head != nullptr) [[likely]] {
        Block* const block = head;
        head = block->next_free;
        free_bytes_ -= block->bytes;
        if (free_bytes_ < least_free_) least_free_ = free_bytes_;
        return block;
      }
    }
    return make(data);
  }
  void give_back(Block* block) noexcept {
    if (!kKeeps || block->bytes > kLargest || free_bytes_ >= kKeptFree) return free_block(block);
    Block*& head = free_[index_of(block->bytes)];
    block->next_free = head;
    head = block;
    free_bytes_ += block->bytes;
  }
  // Frees as many bytes of free blocks as were not needed since the last call, of the largest.
  void release_unneeded() noexcept;
  // The block with room for so many bytes of data, as realloc(3).
  Block* grow(Block* block, std::size_t data) noexcept;

  // For tests: there is no memory for the block of that number, counted from 1.
  void miss(std::uint64_t block) noexcept { missing_ = block; }

  std::size_t free_bytes() const noexcept { return free_bytes_; }
  std::uint64_t taken() const noexcept { return taken_; }  // blocks so far
  std::uint64_t made() const noexcept { return made_; }    // of those, by malloc(3)

 private:
  static constexpr std::size_t index_of(std::size_t bytes) noexcept { return (bytes - 1) / kStep; }
  Block* make(std::size_t data) noexcept;
  static void free_block(Block* block) noexcept;

  std::array<Block*, kLargest / kStep> free_{};
  std::size_t free_bytes_ = 0;
  std::size_t least_free_ = 0;  // of free_bytes_ since the last release_unneeded()
  std::uint64_t taken_ = 0, made_ = 0;
  std::uint64_t missing_ = 0;  // 0: none
};

}  // namespace troika
