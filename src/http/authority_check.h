#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troika {

// Whether a connection may be asked for an authority (RFC 9110 §7.4): clients reuse connections for
// every name that the certificate covers, and for no other.
class AuthorityCheck {
 public:
  // `host` has no port and no brackets; it differs from `server_name`, the SNI of the connection.
  virtual bool covers(std::string_view server_name, std::string_view host) const = 0;
  // All that it covers, to be read by people.
  virtual std::vector<std::string> covered(std::string_view server_name) const = 0;

 protected:
  ~AuthorityCheck() = default;
};

}  // namespace troika
