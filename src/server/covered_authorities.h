#pragma once
#include "http/authority_check.h"
#include "tls/context.h"

namespace troika {

// What the certificates that are served now cover.
class CoveredAuthorities final : public AuthorityCheck {
 public:
  explicit CoveredAuthorities(const tls::ServerContext& context) : context_(context) {}
  bool covers(std::string_view server_name, std::string_view host) const override {
    return context_.certificates().covers(server_name, host);
  }

 private:
  const tls::ServerContext& context_;
};

}  // namespace troika
