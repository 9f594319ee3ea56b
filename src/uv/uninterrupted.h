#pragma once
#include <cerrno>

namespace troika {

// A system call, again for as long as a signal ends it.
template <class Call>
auto uninterrupted(Call call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace troika
