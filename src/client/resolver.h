#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ownership.h"
#include "loop/loop.h"
#include "ports/address.h"

namespace troika::client {

// Finds the addresses of a host name. Passed in, so that tests need no DNS.
class Resolver {
 public:
  // The addresses, with port 0, best first (RFC 6724); or why there are none, for a person.
  using Found = std::move_only_function<void(Checked<std::vector<Address>>)>;

  virtual ~Resolver() = default;
  // Calls `found` once, from the loop and not from within this call. Destroying the operation
  // cancels. `name` may be an IP address.
  [[nodiscard]] virtual std::unique_ptr<Operation> resolve(const std::string& name,
                                                           Found found) = 0;
};

// The system's: getaddrinfo() on the loop's thread pool, a few names at a time. Destroyed before
// the loop, whose destructor waits for those that have begun.
std::unique_ptr<Resolver> make_system_resolver(Loop& loop);

// The order to try them in: both families take turns, IPv6 first (RFC 8305 §4), at most `most`.
std::vector<Address> interleaved(const std::vector<Address>& addresses, std::size_t most);

}  // namespace troika::client
