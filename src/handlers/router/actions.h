#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "handlers/redirect/redirect_template.h"
#include "handlers/route_action.h"
#include "handlers/site_spec.h"

namespace troika {

// Redirects every request, whatever its method, to what the template makes of it; 400 when that
// needs a host which the request does not have.
class RedirectAction final : public RouteAction {
 public:
  // `spec.to` is one that parse_redirect() takes. `headers`: of every response, without globs.
  RedirectAction(const RedirectSpec& spec, std::vector<SiteOptions::HeaderRule> headers);
  [[nodiscard]] std::unique_ptr<Job> act(RequestContext context, Responder& responder,
                                         std::string_view path) override;

 private:
  RedirectTemplate to_;
  std::uint16_t status_;
  std::vector<SiteOptions::HeaderRule> headers_;
};

// Responds to every request, whatever its method, with the same text.
class RespondAction final : public RouteAction {
 public:
  RespondAction(RespondSpec spec, std::vector<SiteOptions::HeaderRule> headers)
      : spec_(std::move(spec)), headers_(std::move(headers)) {}
  [[nodiscard]] std::unique_ptr<Job> act(RequestContext context, Responder& responder,
                                         std::string_view path) override;

 private:
  RespondSpec spec_;
  std::vector<SiteOptions::HeaderRule> headers_;
};

}  // namespace troika
