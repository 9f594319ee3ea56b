#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "http/exchange/authority.h"

namespace troika::test {

// A certificate with names that are compared as they are.
class FakeAuthorityCheck final : public AuthorityCheck {
 public:
  std::vector<std::string> names;
  mutable std::vector<std::pair<std::string, std::string>> asked;

  bool covers(std::string_view server_name, std::string_view host) const override {
    asked.emplace_back(server_name, host);
    return std::ranges::contains(names, host);
  }
  std::vector<std::string> covered(std::string_view) const override { return names; }
};

}  // namespace troika::test
