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

// All certificates of a server at one time, and which of them a client gets. Never changes. Each
// worker has a copy of its own, so that handshakes share no counter and no lock with another
// thread.
class CertificateSet {
 public:
  using Ptr = std::shared_ptr<const CertificateSet>;

  // The error is a sentence that names the file. `pairs` is not empty. A pipe can be read only
  // once: what came through it stays as it is in `before`.
  static Checked<Ptr> load(std::span<const CertificateFiles> pairs,
                           const CertificateSet* before = nullptr);
  Ptr copy() const;

  const std::vector<Identity>& identities() const noexcept { return identities_; }
  // Those for the name that a client sent: with that name, else with a wildcard for it, else the
  // first and its twins (the same names, another type of key). At most one for each type of key,
  // the first of its kind; never empty.
  std::span<const Identity* const> choose(std::string_view server_name) const;
  // Whether a client that sent that name has been shown a certificate for `host`, too.
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
