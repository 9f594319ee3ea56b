#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "handlers/route_action.h"
#include "handlers/router/site_table.h"
#include "http/exchange/handler.h"

namespace troika {

// Finds the site of a request by its authority, and the route by its path and method, and lets the
// route's action respond. What no site or route takes it responds to itself: 421 (RFC 9110
// §15.5.20), 400 when there is no authority, 404, 405, and 204 to OPTIONS.
class Router final : public Handler {
 public:
  // Makes an action; called once for each, with its first request.
  using Make = std::function<std::unique_ptr<RouteAction>(const SiteAction&)>;

  // `https_port`: where redirects to the canonical host lead. What `make` refers to outlives the
  // router; what it owns outlives the actions.
  Router(std::shared_ptr<const SiteTable> table, Make make, std::uint16_t https_port)
      : table_(std::move(table)),
        make_(std::move(make)),
        actions_(table_->actions().size()),
        https_port_(https_port) {}
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  RouteAction& action(std::uint32_t number);
  std::unique_ptr<Job> refuse(const SiteTable::Site& site, RequestContext context,
                              Responder& responder);

  const std::shared_ptr<const SiteTable> table_;
  const Make make_;
  std::vector<std::unique_ptr<RouteAction>> actions_;  // by number; null: nobody has asked for it
  const std::uint16_t https_port_;
};

// For plain HTTP: redirects every request to https and, in the same hop, to the canonical host of
// its site; 421 for hosts that no site has, 400 when there is no host to lead to.
class HttpsRedirect final : public Handler {
 public:
  HttpsRedirect(std::shared_ptr<const SiteTable> table, std::uint16_t https_port)
      : table_(std::move(table)), https_port_(https_port) {}
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  const std::shared_ptr<const SiteTable> table_;
  const std::uint16_t https_port_;
};

}  // namespace troika
