#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace troika {

// Base of objects that several owners on one worker share. The count is not atomic.
class Counted {
 public:
  Counted() noexcept = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 protected:
  ~Counted() = default;

 private:
  template <class T>
  friend class Ref;
  std::uint32_t references_ = 0;
};

// One owner of a T, which is derived from Counted and made with new; the last one deletes it.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  explicit Ref(T* object) noexcept : object_(object) { add(); }
  Ref(const Ref& other) noexcept : object_(other.object_) { add(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr && --object_->references_ == 0) delete object_;
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool unique() const noexcept { return object_ != nullptr && object_->references_ == 1; }

 private:
  void add() noexcept {
    if (object_ != nullptr) ++object_->references_;
  }
  T* object_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

// Base of objects whose life may end while one of their own calls is on the stack.
class Deletable {
 public:
  virtual ~Deletable() = default;
};

// Dead objects, to be freed at the end of a loop turn.
class Deferred {
 public:
  void later(std::unique_ptr<Deletable> object) { dead_.push_back(std::move(object)); }
  bool empty() const noexcept { return dead_.empty(); }
  void run() {
    while (!dead_.empty()) {
      auto batch = std::move(dead_);  // a destructor may add more
      dead_.clear();
    }
  }

 private:
  std::vector<std::unique_ptr<Deletable>> dead_;
};

// An operation in progress that will call back. Destroying it cancels: the callback is not called.
// It may be destroyed inside its own callback.
class Operation {
 public:
  virtual ~Operation() = default;
};

}  // namespace troika
