#pragma once
#include <memory>
#include <vector>

namespace troika {

// Anything that may have to die while one of its own calls is on the stack.
class Deletable {
 public:
  virtual ~Deletable() = default;
};

// Objects that are dead already and only wait to be freed, at the end of a loop turn.
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

}  // namespace troika
