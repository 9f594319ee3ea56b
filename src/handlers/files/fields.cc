#include "handlers/files/fields.h"

#include <algorithm>

#include "base/text.h"
#include "handlers/file_names.h"
#include "handlers/glob.h"

namespace troika {
namespace {

// Calls `visit` with each member of a list (RFC 9110 §5.6.1); empty ones do not count.
template <class Visit>
void for_each_member(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view member = ascii::trim(list.substr(0, comma));
    if (!member.empty()) visit(member);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// The names that a preflight asks for; nothing when they are not names.
std::string requested_headers(const HeaderMap& headers) {
  std::string names;
  bool valid = true;
  for (const auto [name, value] : headers) {
    if (name != "access-control-request-headers") continue;
    for_each_member(value, [&](std::string_view member) {
      valid = valid && ascii::is_token(member);
      if (!names.empty()) names += ", ";
      names += member;
    });
  }
  return valid ? names : std::string();
}

void add_preflight(const HeaderMap& request, HeaderMap& headers) {
  headers.set("access-control-allow-methods", kAllow);
  if (const std::string names = requested_headers(request); !names.empty()) {
    headers.set("access-control-allow-headers", names);
  }
  headers.set("access-control-max-age", "86400");
}

}  // namespace

std::string_view cache_control_of(const SiteOptions& options, std::string_view path) {
  const auto rule = std::ranges::find_if(options.cache, [path](const SiteOptions::CacheRule& r) {
    return matches_glob(r.glob, path);
  });
  return rule == options.cache.end() ? std::string_view("no-cache") : rule->value;
}

void add_cors(const SiteOptions& options, const Request& request, HeaderMap& headers) {
  if (options.cors.empty()) return;
  const bool anybody = std::ranges::contains(options.cors, "*");
  if (!anybody) add_vary(headers, "origin");
  const auto origin = request.headers.get("origin");
  const bool known = origin && request.headers.count("origin") == 1 &&
                     std::ranges::contains(options.cors, *origin);
  if (!anybody && !known) return;
  headers.set("access-control-allow-origin", anybody ? std::string_view("*") : *origin);
  // All of them: "*" means that for requests without credentials, and there are no others, as
  // Access-Control-Allow-Credentials is never sent.
  headers.set("access-control-expose-headers", "*");
  if (request.method == Method::options && origin &&
      request.headers.has("access-control-request-method")) {
    add_preflight(request.headers, headers);
  }
}

void add_vary(HeaderMap& headers, std::string_view name) {
  std::string names;
  bool there = false;
  for (const auto [field, value] : headers) {
    if (field != "vary") continue;
    for_each_member(value, [&](std::string_view member) {
      there = there || member == "*" || ascii::equal_ignoring_case(member, name);
      names.append(member).append(", ");
    });
  }
  if (!there) headers.set("vary", names.append(name));
}

}  // namespace troika
