#include "handlers/route_action.h"

#include <algorithm>
#include <utility>

#include "handlers/glob.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

// Of the rules for `name`, those that count for a file: with a glob that it matches, else without.
bool any_matches(std::span<const SiteOptions::HeaderRule> rules, std::string_view name,
                 std::string_view path) {
  return std::ranges::any_of(rules, [&](const SiteOptions::HeaderRule& rule) {
    return rule.name == name && !rule.glob.empty() && matches_glob(rule.glob, path);
  });
}

}  // namespace

std::unique_ptr<Job> RouteAction::fail(RequestContext /*context*/, Responder& responder,
                                       std::uint16_t status, HeaderMap fields) {
  respond_in_short(responder, status, fields);
  return nullptr;
}

void respond_in_short(Responder& responder, std::uint16_t status, const HeaderMap& fields) {
  auto [head, body] = error_response(status);
  head.headers.add("cache-control", "no-cache");
  for (const auto [name, value] : fields) head.headers.set(name, value);
  std::ignore = responder.respond(std::move(head), std::move(body));
}

void add_own_fields(std::span<const SiteOptions::HeaderRule> rules, std::string_view path,
                    HeaderMap& headers) {
  constexpr std::string_view kPolicy = "content-security-policy";
  const bool keeps_policy = headers.has(kPolicy);
  const auto counts = [&](const SiteOptions::HeaderRule& rule) {
    if (rule.name == kPolicy && keeps_policy) return false;
    const bool some = !path.empty() && any_matches(rules, rule.name, path);
    return some ? !rule.glob.empty() && matches_glob(rule.glob, path) : rule.glob.empty();
  };
  for (const SiteOptions::HeaderRule& rule : rules) {
    if (counts(rule)) headers.remove(rule.name);
  }
  for (const SiteOptions::HeaderRule& rule : rules) {
    if (counts(rule)) headers.add(rule.name, rule.value);
  }
}

std::vector<SiteOptions::HeaderRule> merged_fields(std::span<const SiteOptions::HeaderRule> outer,
                                                   std::span<const SiteOptions::HeaderRule> inner) {
  std::vector<SiteOptions::HeaderRule> all;
  const auto is_named = [inner](std::string_view name) {
    return std::ranges::any_of(inner, [name](const SiteOptions::HeaderRule& rule) {
      return rule.name == name && rule.glob.empty();
    });
  };
  for (const SiteOptions::HeaderRule& rule : outer) {
    if (!is_named(rule.name)) all.push_back(rule);
  }
  all.insert(all.end(), inner.begin(), inner.end());
  return all;
}

}  // namespace troika
