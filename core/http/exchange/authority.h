#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troika {

// Whether a connection may be asked for an authority (RFC 9110 §7.4): a client reuses a connection
// only for names that the certificate covers.
class AuthorityCheck {
 public:
  // Whether the certificate that a client gets for the SNI `server_name` is valid for `host`.
  // Neither contains a port or brackets.
  virtual bool covers(std::string_view server_name, std::string_view host) const = 0;
  // All names that it covers, for display.
  virtual std::vector<std::string> covered(std::string_view server_name) const = 0;

 protected:
  ~AuthorityCheck() = default;
};

struct SecurityInfo;

// "example.org:80" → "example.org", "[::1]:80" → "[::1]"; the authority must be valid.
std::string_view host_of(std::string_view authority) noexcept;

// Whether a client whose SNI is the host of this authority gets a certificate for that host.
bool is_covered(std::string_view authority, const AuthorityCheck& check);

// RFC 9110 §15.5.20: the client sent another name as SNI, and the certificate that it got does not
// cover the requested authority.
bool is_misdirected(std::string_view authority, const SecurityInfo& security,
                    const AuthorityCheck* check);
// The content of the 421 for a person who tries the server out: the requested authority and the
// names that are served.
std::string explain_misdirected(std::string_view authority, const SecurityInfo& security,
                                const AuthorityCheck& check);

}  // namespace troika
