#include "handlers/router/router.h"

#include <string>
#include <utility>

#include "handlers/redirect/redirect.h"
#include "http/exchange/authority.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

void respond_with(Responder& responder, std::uint16_t status) {
  auto [head, body] = error_response(status);
  std::ignore = responder.respond(std::move(head), std::move(body));
}

// RFC 9110 §15.5.20, and §4.2.1 for a URI without a host.
std::uint16_t status_without_site(const Request& request) noexcept {
  return request.authority.empty() ? 400 : 421;
}

}  // namespace

RouteAction& Router::action(std::uint32_t number) {
  auto& action = actions_[number];
  if (action == nullptr) action = make_(table_->actions()[number]);
  return *action;
}

std::unique_ptr<Job> Router::start(RequestContext context, Responder& responder) {
  const Request& request = context.request;
  const SiteTable::Site* const site = table_->find(request.authority);
  if (site == nullptr) {
    respond_with(responder, status_without_site(request));
    return nullptr;
  }
  const std::string_view canonical = canonical_instead_of(site->spec, request.authority);
  if (!canonical.empty() && request.target.raw.starts_with('/')) {
    HeaderMap fields;
    fields.add("location", https_url(canonical, https_port_, request.target.raw));
    add_own_fields(site->spec.headers, "", fields);
    respond_in_short(responder, 308, fields);
    return nullptr;
  }
  const std::string& path = request.target.path;
  const std::uint32_t route = site->routes.find(path, request.method, request.method_text);
  if (route == RouteTable::kNone) return refuse(*site, context, responder);
  const SiteTable::Way way = site->ways[route];
  return action(way.action).act(context, responder, std::string_view(path).substr(way.cut));
}

// OPTIONS is for all that there is, and "*" for the server (RFC 9110 §9.3.7).
std::unique_ptr<Job> Router::refuse(const SiteTable::Site& site, RequestContext context,
                                    Responder& responder) {
  const Request& request = context.request;
  const std::string allowed = site.routes.allowed(request.target.path);
  HeaderMap fields;
  if (!allowed.empty()) fields.add("allow", allowed);
  const bool asks = request.method == Method::options;
  if (asks && (!allowed.empty() || request.target.path == "*")) {
    add_own_fields(site.spec.headers, "", fields);
    std::ignore = responder.respond({.status = 204, .headers = std::move(fields)}, nullptr);
    return nullptr;
  }
  const std::uint16_t status = allowed.empty() ? 404 : 405;
  if (site.pages != SiteTable::kNone) {
    return action(site.pages).fail(context, responder, status, std::move(fields));
  }
  add_own_fields(site.spec.headers, "", fields);
  respond_in_short(responder, status, fields);
  return nullptr;
}

std::unique_ptr<Job> HttpsRedirect::start(RequestContext context, Responder& responder) {
  const Request& request = context.request;
  const SiteTable::Site* const site = table_->find(request.authority);
  if (site == nullptr || request.authority.empty() || !request.target.raw.starts_with('/')) {
    respond_with(responder, site == nullptr ? status_without_site(request) : 400);
    return nullptr;
  }
  const std::string_view canonical = canonical_instead_of(site->spec, request.authority);
  const std::string_view host = canonical.empty() ? host_of(request.authority) : canonical;
  auto [head, body] = error_response(308);
  head.headers.set("location", https_url(host, https_port_, request.target.raw));
  add_own_fields(site->spec.headers, "", head.headers);
  std::ignore = responder.respond(std::move(head), std::move(body));
  return nullptr;
}

}  // namespace troika
