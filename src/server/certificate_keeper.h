#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/certificate_sources.h"

namespace troika {

// For each certificate that has expired, is not valid yet or soon will have expired, a line.
std::vector<std::string> expiry_warnings(const tls::CertificateSet& certificates, WallTime now);
// For each that many clients will refuse, and that is not in `before` (null: nothing is), a line.
std::vector<std::string> use_warnings(const tls::CertificateSet& certificates,
                                      const tls::CertificateSet* before = nullptr);
// "example.org, www.example.org", or the file's name; shortened when they are many.
std::string names_text(const tls::Identity& identity);

// Knows the certificates that are served and sees when other ones lie in their files. Knows nothing
// of workers; what it does blocks.
class CertificateKeeper {
 public:
  struct Seen {
    tls::CertificateSet::Ptr changed;  // to be served from now on; null: nothing has changed
    std::vector<std::string> lines;    // for the operator
  };

  CertificateKeeper(const Clock& clock, LoadedCertificates certificates);
  // A change is read at once, and once more by the next look: by then what was being written is
  // complete. Only then it is an error.
  Seen look();

 private:
  void look_after_day(Seen& seen);

  const Clock& clock_;
  LoadedCertificates served_;  // the stamps: of the last look
  TimePoint next_day_;
  bool renewal_failed_ = false;  // of the local CA's: tried again at each look, told once a day
  bool settled_ = true;          // the stamps are those of the look before
};

}  // namespace troika
