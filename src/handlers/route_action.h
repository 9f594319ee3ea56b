#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "handlers/site_options.h"
#include "http/exchange/handler.h"
#include "http/message/fields.h"

namespace troika {

// What a route does with its requests.
class RouteAction : public Handler {
 public:
  // As start(). `path`: the end of Target::path that the route leaves to its action, and lives as
  // long as that; it is empty or begins with "/", or it is "*".
  [[nodiscard]] virtual std::unique_ptr<Job> act(RequestContext context, Responder& responder,
                                                 std::string_view path) = 0;
  // Responds with an error that was found before, and with these fields.
  [[nodiscard]] virtual std::unique_ptr<Job> fail(RequestContext context, Responder& responder,
                                                  std::uint16_t status, HeaderMap fields);
  // Without a route: the action sees the whole path.
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) final {
    return act(context, responder, context.request.target.path);
  }
};

// Responds with a short text, these fields, and "no-cache": caches may keep a 308 or a 404 as long
// as they like (RFC 9110 §15.1).
void respond_in_short(Responder& responder, std::uint16_t status, const HeaderMap& fields);

// The fields of these rules, in place of what is there of their names; a page that the server makes
// keeps its Content-Security-Policy. `path` is that of the file which was found, without its first
// slash; empty when there is none.
void add_own_fields(std::span<const SiteOptions::HeaderRule> rules, std::string_view path,
                    HeaderMap& headers);

// The rules of an inner scope, after those of the outer one for fields that it does not name itself
// for all responses.
std::vector<SiteOptions::HeaderRule> merged_fields(std::span<const SiteOptions::HeaderRule> outer,
                                                   std::span<const SiteOptions::HeaderRule> inner);

}  // namespace troika
