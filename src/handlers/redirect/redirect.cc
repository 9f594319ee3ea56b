#include "handlers/redirect/redirect.h"

#include <format>

#include "http/exchange/authority.h"
#include "http/message/error_body.h"

namespace troika {

std::string https_url(std::string_view host, std::uint16_t port, std::string_view target) {
  if (port == 443) return std::format("https://{}{}", host, target);
  return std::format("https://{}:{}{}", host, port, target);
}

std::unique_ptr<Job> RedirectHandler::start(RequestContext context, Responder& responder) {
  const Request& request = context.request;
  // HTTP/1.0 may come without a host: then there is nowhere to send the client.
  if (request.authority.empty() || request.target.raw == "*") {
    auto [head, body] = error_answer(400);
    std::ignore = responder.respond(std::move(head), std::move(body));
    return nullptr;
  }
  auto [head, body] = error_answer(308);
  head.headers.set("location", https_url(host_of(request.authority), port_, request.target.raw));
  std::ignore = responder.respond(std::move(head), std::move(body));
  return nullptr;
}

}  // namespace troika
