#pragma once
#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>

namespace troika {

// A queue whose first `Few` elements (a power of 2) need no memory of their own. It grows as needed
// and keeps what it has; callers bound it.
template <class T, std::size_t Few>
class Ring {
  static_assert((Few & (Few - 1)) == 0);

 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return slots()[(first_ + i) & (capacity_ - 1)]; }
  const T& operator[](std::size_t i) const noexcept {
    return slots()[(first_ + i) & (capacity_ - 1)];
  }
  T& front() noexcept { return (*this)[0]; }
  const T& front() const noexcept { return (*this)[0]; }
  T& back() noexcept { return (*this)[size_ - 1]; }

  T& push_back(T value) {
    if (size_ == capacity_) grow();
    return (*this)[size_++] = std::move(value);
  }
  void pop_front() noexcept {
    assert(size_ > 0);
    front() = T();
    first_ = (first_ + 1) & (capacity_ - 1);
    --size_;
  }
  void clear() noexcept {
    while (!empty()) pop_front();
  }

 private:
  T* slots() noexcept { return many_ != nullptr ? many_.get() : few_.data(); }
  const T* slots() const noexcept { return many_ != nullptr ? many_.get() : few_.data(); }
  void grow() {
    auto more = std::make_unique<T[]>(2 * capacity_);
    for (std::size_t i = 0; i < size_; ++i) more[i] = std::move((*this)[i]);
    many_ = std::move(more);
    capacity_ *= 2;
    first_ = 0;
  }

  std::array<T, Few> few_{};
  std::unique_ptr<T[]> many_;
  std::size_t capacity_ = Few, first_ = 0, size_ = 0;
};

}  // namespace troika
