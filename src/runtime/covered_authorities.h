#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange/authority.h"
#include "tls/context/server_context.h"

namespace troika {

// Checks against the certificates in use now.
class CoveredAuthorities final : public AuthorityCheck {
 public:
  explicit CoveredAuthorities(const tls::ServerContext& context) : context_(context) {}
  bool covers(std::string_view server_name, std::string_view host) const override {
    return context_.certificates().covers(server_name, host);
  }
  std::vector<std::string> covered(std::string_view server_name) const override {
    std::vector<std::string> names;
    for (const tls::Identity* identity : context_.certificates().choose(server_name)) {
      for (const std::string& name : identity->names) {
        if (!std::ranges::contains(names, name)) names.push_back(name);
      }
    }
    return names;
  }

 private:
  const tls::ServerContext& context_;
};

}  // namespace troika
