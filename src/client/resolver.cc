#include "client/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "loop/background.h"

namespace troika::client {
namespace {

// The thread pool also reads files.
constexpr std::size_t kNamesAtOnce = 4;

// The addresses of unreachable families too: trying one that has no route fails at once.
class Lookup final : public Background::Task {
 public:
  Lookup(std::string name, Resolver::Found found)
      : name_(std::move(name)), found_(std::move(found)) {}

  void work() noexcept override {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;  // or each address would come once for each type
    addrinfo* list = nullptr;
    error_ = getaddrinfo(name_.c_str(), nullptr, &hints, &list);
    if (error_ == EAI_SYSTEM) errno_ = errno;
    if (error_ != 0) return;
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
      if (a->ai_family == AF_INET || a->ai_family == AF_INET6) addresses_.emplace_back(a->ai_addr);
    }
    freeaddrinfo(list);
  }

  void finish() override {
    if (error_ != 0) {
      found_(std::unexpected(
          std::string(error_ == EAI_SYSTEM ? std::strerror(errno_) : gai_strerror(error_))));
    } else {
      found_(std::move(addresses_));
    }
  }

 private:
  std::string name_;
  Resolver::Found found_;
  int error_ = 0, errno_ = 0;
  std::vector<Address> addresses_;
};

class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(Loop& loop) : background_(loop, kNamesAtOnce) {}
  std::unique_ptr<Operation> resolve(const std::string& name, Found found) override {
    return background_.run(std::make_unique<Lookup>(name, std::move(found)));
  }

 private:
  UvBackground background_;
};

}  // namespace

std::unique_ptr<Resolver> make_system_resolver(Loop& loop) {
  return std::make_unique<SystemResolver>(loop);
}

std::vector<Address> interleaved(const std::vector<Address>& addresses, std::size_t most) {
  std::vector<Address> v6, v4, all;
  for (const Address& address : addresses) {
    (address.family() == AF_INET6 ? v6 : v4).push_back(address);
  }
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) all.push_back(v6[i]);
    if (i < v4.size()) all.push_back(v4[i]);
  }
  if (all.size() > most) all.resize(most);
  return all;
}

}  // namespace troika::client
