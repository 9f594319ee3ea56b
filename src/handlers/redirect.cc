#include "handlers/redirect.h"

#include <format>

#include "http/authority.h"
#include "http/error_body.h"

namespace troika {

std::unique_ptr<Job> RedirectHandler::start(RequestContext context, Responder& responder) {
  const Request& request = context.request;
  // HTTP/1.0 may come without a host: then there is nowhere to send the client.
  if (request.authority.empty() || request.target.raw == "*") {
    auto [head, body] = error_answer(400);
    std::ignore = responder.respond(std::move(head), std::move(body));
    return nullptr;
  }
  const std::string port = port_ == 443 ? "" : std::format(":{}", port_);
  auto [head, body] = error_answer(308);
  head.headers.set("location", std::format("https://{}{}{}", host_of(request.authority), port,
                                           request.target.raw));
  std::ignore = responder.respond(std::move(head), std::move(body));
  return nullptr;
}

}  // namespace troika
