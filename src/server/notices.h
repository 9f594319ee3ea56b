#pragma once
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "loop/root_folder.h"

namespace troika {

// Brings sentences of whatever thread to the operator.
class Operator {
 public:
  using Say = std::function<void(const std::string& line)>;

  // Before a worker starts; until then nothing is said. `say` may be called from any thread.
  void set_say(Say say) { say_ = std::move(say); }
  void say(const std::string& line) const {
    if (say_) say_(line);
  }

 private:
  Say say_;
};

// Reports once when the served folder disappears and when it is back, however many workers look for
// it. look() may be called from any thread.
class RootNotice {
 public:
  // The operator outlives it.
  RootNotice(std::string path, const Operator& to) : path_(std::move(path)), operator_(to) {}
  void look(const RootLook& look);

 private:
  std::string path_;
  const Operator& operator_;
  std::mutex mutex_;
  bool there_ = true;
  TimePoint changed_{};  // when the change was found
};

// Passes sentences of the workers' sites to the operator: each once, whichever worker says it, up
// to kMost. say() may be called from any thread.
class SiteNotice {
 public:
  static constexpr std::size_t kMost = 100;  // sentences

  explicit SiteNotice(const Operator& to) : operator_(to) {}  // which outlives it
  void say(const std::string& sentence);

 private:
  const Operator& operator_;
  std::mutex mutex_;
  std::set<std::string> said_;
};

}  // namespace troika
