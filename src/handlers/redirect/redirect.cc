#include "handlers/redirect/redirect.h"

#include "base/text.h"
#include "http/exchange/authority.h"
#include "http/exchange/services.h"
#include "http/message/error_response.h"

namespace troika {

std::string https_url(std::string_view host, std::uint16_t port, std::string_view target) {
  if (port == 443) return formatted("https://{}{}", host, target);
  return formatted("https://{}:{}{}", host, port, target);
}

// A port in the authority is the one that the client connected to, as the client sees it.
std::string PlainOnTlsHandler::url_of(const RequestContext& context) const {
  const Request& request = context.request;
  std::string_view target = request.target.raw;
  if (!target.starts_with('/')) target = "/";
  const std::string_view authority = request.authority, host = host_of(authority);
  if (host.empty()) return formatted("https://{}{}", context.peer.local.text(), target);
  if (host.size() < authority.size()) return formatted("https://{}{}", authority, target);
  return https_url(host, port_, target);
}

std::unique_ptr<Job> PlainOnTlsHandler::start(RequestContext context, Responder& responder) {
  const Request& request = context.request;
  const AuthorityCheck* const check = context.services.authority;
  const bool reads = request.method == Method::get || request.method == Method::head;
  const std::string url = url_of(context);
  if (reads && !request.authority.empty() && check != nullptr &&
      is_covered(request.authority, *check)) {
    auto [head, body] = error_response(308);
    head.headers.set("location", url);
    std::ignore = responder.respond(std::move(head), std::move(body));
  } else {
    const ResponseHead head = error_response(400).head;
    std::ignore = responder.respond(
        head, text_body(context.services.pool,
                        formatted("This port speaks HTTPS, not plain HTTP: {}\n", url)));
  }
  return nullptr;
}

}  // namespace troika
