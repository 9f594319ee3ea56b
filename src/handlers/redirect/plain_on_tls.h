#pragma once
#include <cstdint>

#include "http/exchange/handler.h"

namespace troika {

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
