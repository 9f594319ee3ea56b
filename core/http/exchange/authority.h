#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troika {

// Whether a connection may be asked for an authority (RFC 9110 §7.4): clients reuse connections for
// every name that the certificate covers, and for no other.
class AuthorityCheck {
 public:
  // Whether a client that sent `server_name` as SNI is shown a certificate for `host`. Neither has
  // a port or brackets.
  virtual bool covers(std::string_view server_name, std::string_view host) const = 0;
  // All that it covers, to be read by people.
  virtual std::vector<std::string> covered(std::string_view server_name) const = 0;

 protected:
  ~AuthorityCheck() = default;
};

class AuthorityCheck;
struct SecurityInfo;

// "example.org:80" → "example.org", "[::1]:80" → "[::1]"; of an authority that is valid.
std::string_view host_of(std::string_view authority) noexcept;

// Whether a client that comes for the host of this authority is shown a certificate for it.
bool is_covered(std::string_view authority, const AuthorityCheck& check);

// RFC 9110 §15.5.20: the client came for another name (SNI), and the certificate that it was shown
// for that does not cover the one it asks for now.
bool is_misdirected(std::string_view authority, const SecurityInfo& security,
                    const AuthorityCheck* check);
// The body of the 421 for a person who tries the server out: what was asked for, what is served.
std::string explain_misdirected(std::string_view authority, const SecurityInfo& security,
                                const AuthorityCheck& check);

}  // namespace troika
