#include "handlers/redirect.h"

#include <format>

#include "http/error_body.h"

namespace troika {
namespace {

// "example.org:80" → "example.org"; "[::1]:80" → "[::1]".
std::string_view host_of(std::string_view authority) noexcept {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  if (bracket != std::string_view::npos && colon < bracket) return authority;
  return authority.substr(0, colon);
}

}  // namespace

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
