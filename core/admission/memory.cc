#include "admission/memory.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace troika {

// Who holds a little for long weighs as much as who has just begun to hold much: a slow attack and
// a quick one both come before a client that takes what it has asked for.
std::size_t shed(std::vector<MemoryHolder*> holders, std::size_t bytes, TimePoint now) {
  std::vector<std::pair<double, MemoryHolder*>> by_weight;
  for (MemoryHolder* const holder : holders) {
    const std::chrono::duration<double> still = now - std::min(now, holder->progress_at());
    by_weight.emplace_back(static_cast<double>(holder->held()) * (1 + still.count()), holder);
  }
  std::ranges::sort(by_weight, std::greater());
  std::size_t count = 0, got = 0;
  for (auto at = by_weight.begin(); at != by_weight.end() && got < bytes; ++at, ++count) {
    got += at->second->held();
    at->second->shed();
  }
  return count;
}

}  // namespace troika
