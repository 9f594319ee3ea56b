#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange/handler.h"

namespace troika {

// "https://HOST:PORT/target"; `host` has no port; port 443 is left out.
std::string https_url(std::string_view host, std::uint16_t port, std::string_view target);

// Responds to plain HTTP on a TLS port: to GET and HEAD with 308 to https if a certificate covers
// the host, to all others with 400 and a sentence that contains the URL.
class PlainOnTlsHandler final : public Handler {
 public:
  // `https_port`: for clients that name no port.
  explicit PlainOnTlsHandler(std::uint16_t https_port) : port_(https_port) {}
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  std::string url_of(const RequestContext& context) const;

  std::uint16_t port_;
};

}  // namespace troika
