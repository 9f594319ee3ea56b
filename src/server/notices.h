#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "loop/root_folder.h"

namespace troika {

// Reports once when the served folder disappears and when it is back, however many workers look for
// it. look() may be called from any thread.
class RootNotice {
 public:
  using Say = std::function<void(const std::string& line)>;

  explicit RootNotice(std::string path) : path_(std::move(path)) {}
  // Call it before a worker starts. `say` is called on the threads of the workers, one at a time.
  void set_say(Say say) { say_ = std::move(say); }
  void look(const RootLook& look);

 private:
  std::string path_;
  Say say_;
  std::mutex mutex_;
  bool there_ = true;
  TimePoint changed_{};  // when the change was found
};

// The notices of all folders that are served.
class RootNotices {
 public:
  // Call it before a worker starts. The path may be there already.
  void add(const std::string& path) { all_.try_emplace(path, path); }
  // Of a path that was added. From any thread.
  RootNotice& at(const std::string& path) { return all_.at(path); }
  // Call it before a worker starts.
  void set_say(const RootNotice::Say& say) {
    for (auto& [path, notice] : all_) notice.set_say(say);
  }

 private:
  std::map<std::string, RootNotice> all_;  // by path
};

// Passes sentences of the workers' sites to the operator: each once, whichever worker says it, up
// to kMost. say() may be called from any thread.
class SiteNotice {
 public:
  using Say = std::function<void(const std::string& line)>;
  static constexpr std::size_t kMost = 100;  // sentences

  // Call it before a worker starts. `say` is called on the threads of the workers, one at a time.
  void set_say(Say say) { say_ = std::move(say); }
  void say(const std::string& sentence);

 private:
  Say say_;
  std::mutex mutex_;
  std::set<std::string> said_;
};

}  // namespace troika
