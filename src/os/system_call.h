#pragma once
#include <cerrno>
#include <system_error>

namespace troika {

// A system call, again for as long as a signal ends it.
template <class Call>
auto uninterrupted(Call call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// For calls at start, which fail when the machine has too little of something. `status`: 0 or more,
// or -errno: then throws a std::system_error, as std::thread does.
inline void required(int status) {
  if (status < 0) throw std::system_error(-status, std::generic_category());
}

}  // namespace troika
