#pragma once
#include <sys/resource.h>

#include <chrono>
#include <functional>

#include "loop/loop.h"
#include "ports/address.h"

namespace troika {

// Runs the loop until `done` or for a few seconds; says whether it was done.
inline bool run_until(Loop& loop, std::move_only_function<bool()> done) {
  return loop.run_until(std::move(done), std::chrono::seconds(20));
}

// Lets the loop do all that is ready now and for a moment.
inline void run_for(Loop& loop, Duration duration) {
  loop.run_until([] { return false; }, duration);
}

// 127.0.0.1 or ::1; port 0 is any that is free.
inline Address loopback(int family = AF_INET, std::uint16_t port = 0) {
  Address address = Address::parse(family == AF_INET ? "127.0.0.1:0" : "[::1]:0").value();
  address.set_port(port);
  return address;
}

// Nobody gets a descriptor any more.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{.rlim_cur = 3, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace troika
