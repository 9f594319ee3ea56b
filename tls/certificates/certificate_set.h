#pragma once
#include <openssl/ssl.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "tls/certificates/certificate_files.h"
#include "tls/certificates/identity.h"

namespace troika::tls {

// All certificates of a server at one time, and the choice among them. Immutable. Each worker has
// its own copy, so that handshakes share no counter and no lock with another thread.
class CertificateSet {
 public:
  using Ptr = std::shared_ptr<const CertificateSet>;

  // The error is a sentence that names the file. `pairs` is not empty. A pipe can be read only
  // once: what was read from one is taken from `before`.
  static Checked<Ptr> load(std::span<const CertificateFiles> pairs,
                           const CertificateSet* before = nullptr);
  Ptr copy() const;

  const std::vector<Identity>& identities() const noexcept { return identities_; }
  // The certificates for the name that a client sent: those with that name, else with a wildcard
  // for it, else the first and those with the same names and another type of key. At most one for
  // each type of key, the first one; never empty.
  std::span<const Identity* const> choose(std::string_view server_name) const;
  // Whether the certificate shown to a client that sent `server_name` is also valid for `host`.
  bool covers(std::string_view server_name, std::string_view host) const;
  bool same_as(const CertificateSet& other) const;
  bool holds(const Identity& identity) const;

 private:
  using Group = std::vector<const Identity*>;

  explicit CertificateSet(std::vector<Identity> identities);
  const Identity* piped(const CertificateFiles& files) const;  // null: to be read
  const Group* find(std::string_view host) const;              // of a comparable name

  std::vector<Identity> identities_;
  std::map<std::string, Group, std::less<>> by_name_;
  Group default_;
};

}  // namespace troika::tls
