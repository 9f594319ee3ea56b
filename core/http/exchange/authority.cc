#include "http/exchange/authority.h"

#include <vector>

#include "base/text.h"
#include "ports/transport.h"

namespace troika {
namespace {

// A trailing dot (the DNS root) does not change the name.
std::string_view without_root(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::string_view bare(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.substr(1, host.size() - 2);
  return without_root(host);
}

constexpr std::size_t kNamesShown = 20;  // a certificate may have hundreds

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i) {
    list += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamesShown) list += formatted(" and {} more", names.size() - kNamesShown);
  return list.empty() ? "no name" : list;
}

}  // namespace

std::string_view host_of(std::string_view authority) noexcept {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  if (bracket != std::string_view::npos && colon < bracket) return authority;
  return authority.substr(0, colon);
}

bool is_covered(std::string_view authority, const AuthorityCheck& check) {
  const std::string_view host = bare(host_of(authority));
  return check.covers(host, host);
}

bool is_misdirected(std::string_view authority, const SecurityInfo& security,
                    const AuthorityCheck* check) {
  // Without an authority (HTTP/1.0) or SNI the client has not said which server it expects.
  if (check == nullptr || !security.encrypted || security.server_name.empty() ||
      authority.empty()) {
    return false;
  }
  const std::string_view host = bare(host_of(authority));
  return !ascii::equal_ignoring_case(host, without_root(security.server_name)) &&
         !check->covers(security.server_name, host);
}

std::string explain_misdirected(std::string_view authority, const SecurityInfo& security,
                                const AuthorityCheck& check) {
  return formatted(
      "421 Misdirected Request\n"
      "The request is for {}, but the certificate of this connection covers {}.\n",
      authority, list_of(check.covered(security.server_name)));
}

}  // namespace troika
