#include "handlers/router/actions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "handlers/router/host_index.h"
#include "http/exchange/services.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  return lower;
}

}  // namespace

RedirectAction::RedirectAction(const RedirectSpec& spec,
                               std::vector<SiteOptions::HeaderRule> headers)
    : to_(parse_redirect(spec.to).value()), status_(spec.status), headers_(std::move(headers)) {}

std::unique_ptr<Job> RedirectAction::act(RequestContext context, Responder& responder,
                                         std::string_view path) {
  const Request& request = context.request;
  const std::string host = lower_case(name_in(request.authority));
  std::optional<std::string> location;
  if (request.target.path.starts_with('/')) {
    location = to_.fill_in({.host = host,
                            .path = request.target.path,
                            .rest = path,
                            .query = request.target.query,
                            .encoded_slash = request.target.encoded_slash});
  }
  HeaderMap fields;
  if (location) fields.add("location", *location);
  add_own_fields(headers_, "", fields);
  respond_in_short(responder, location ? status_ : 400, fields);
  return nullptr;
}

std::unique_ptr<Job> RespondAction::act(RequestContext context, Responder& responder,
                                        std::string_view /*path*/) {
  ResponseHead head{.status = spec_.status, .headers = {}};
  head.headers.add("content-type", spec_.type);
  head.headers.add("cache-control", "no-cache");
  head.headers.add("x-content-type-options", "nosniff");
  add_own_fields(headers_, "", head.headers);
  std::ignore = responder.respond(std::move(head), text_body(context.services.pool, spec_.body));
  return nullptr;
}

}  // namespace troika
