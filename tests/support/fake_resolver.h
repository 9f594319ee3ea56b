#pragma once
// Finds what a test says, when it says so.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/resolver.h"

namespace troika::test {

class FakeResolver final : public client::Resolver {
 public:
  std::vector<std::string> names;  // that were asked for

  std::unique_ptr<Operation> resolve(const std::string& name, Found found) override {
    names.push_back(name);
    auto lookup = std::make_unique<Lookup>(*this, std::move(found));
    waiting_.push_back(lookup.get());
    return lookup;
  }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  // For the name that has waited longest.
  void give(Checked<std::vector<Address>> found) {
    Lookup& lookup = *waiting_.front();
    waiting_.erase(waiting_.begin());
    Found call = std::move(lookup.found);  // the call may destroy the lookup
    call(std::move(found));
  }
  void give(std::initializer_list<const char*> addresses) {
    std::vector<Address> parsed;
    for (const char* const text : addresses) parsed.push_back(Address::parse(text).value());
    give(std::move(parsed));
  }

 private:
  struct Lookup final : Operation {
    Lookup(FakeResolver& r, Found f) : resolver(r), found(std::move(f)) {}
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    ~Lookup() override { std::erase(resolver.waiting_, this); }
    FakeResolver& resolver;
    Found found;
  };
  std::vector<Lookup*> waiting_;
};

}  // namespace troika::test
