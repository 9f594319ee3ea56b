#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace troika {

// What has something to do in the next flush, each object once, so that a turn costs nothing for
// those that are idle. T has a public `bool dirty = false` that belongs to the list it is on. The
// list owns nothing: an object is removed before it is destroyed.
template <class T>
class DirtyList {
 public:
  DirtyList() = default;
  DirtyList(const DirtyList&) = delete;
  DirtyList& operator=(const DirtyList&) = delete;

  void add(T& object) {
    if (!std::exchange(object.dirty, true)) waiting_.push_back(&object);
  }
  // Also while run() is on the stack.
  void remove(T& object) noexcept {
    if (!std::exchange(object.dirty, false)) return;
    T* const none = nullptr;
    std::ranges::replace(waiting_, &object, none);
    std::ranges::replace(running_, &object, none);
  }
  bool empty() const noexcept { return waiting_.empty(); }
  // Calls flush(object) for each; true: it wants another one. What is added meanwhile waits for the
  // next run. True: something is on the list again. Not to be called from within itself.
  template <class Flush>
  bool run(Flush&& flush) {
    running_.swap(waiting_);
    for (std::size_t i = 0; i < running_.size(); ++i) {
      T* const object = running_[i];
      if (object == nullptr) continue;
      object->dirty = false;
      if (flush(*object)) add(*object);
    }
    running_.clear();
    return !waiting_.empty();
  }

 private:
  std::vector<T*> waiting_, running_;
};

}  // namespace troika
