#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange/handler.h"

namespace troika {

// "https://HOST:PORT/target"; `host` has no port, and 443 is not written.
std::string https_url(std::string_view host, std::uint16_t port, std::string_view target);

// Answers every request with 308 to the same target on https (RFC 9110 §15.4.9): the host that the
// client named, with our TLS port.
class RedirectHandler final : public Handler {
 public:
  explicit RedirectHandler(std::uint16_t https_port) : port_(https_port) {}
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  std::uint16_t port_;
};

// Answers plain HTTP that came to a TLS port: GET and HEAD by 308 to https when a certificate
// covers the host, all else by 400 with a sentence that has the URL.
class PlainOnTlsHandler final : public Handler {
 public:
  // The port of https, for clients that name none.
  explicit PlainOnTlsHandler(std::uint16_t https_port) : port_(https_port) {}
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  std::string url_of(const RequestContext& context) const;

  std::uint16_t port_;
};

}  // namespace troika
