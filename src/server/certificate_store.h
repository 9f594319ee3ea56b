#pragma once
#include <sys/stat.h>

#include <compare>
#include <string>
#include <vector>

#include "base/time.h"
#include "tls/certificates/certificate_set.h"

namespace troika {

// The sources of a server's certificates.
struct CertificateSources {
  std::vector<tls::CertificateFiles> pairs;
  std::string folder;        // a folder with more pairs; empty: none
  std::string state_folder;  // of the local CA that made the pair; empty: not made by it
};

// The metadata of a file: while it is the same, the content is taken to be the same. A pipe can be
// read only once, so its stamp never changes.
struct FileStamp {
  std::string path;
  bool there = false;
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, changed = 0, modified = 0;  // times in nanoseconds
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// The certificates that a server has read.
struct LoadedCertificates {
  CertificateSources sources;
  std::vector<FileStamp> stamps;  // taken before the files were read
  tls::CertificateSet::Ptr set;
};

// The stamps of all files that load() would read now.
std::vector<FileStamp> look_at(const CertificateSources& sources);
// The error is a sentence that names the file. Certificates from a pipe are copied from `before`.
Checked<tls::CertificateSet::Ptr> load(const CertificateSources& sources,
                                       const tls::CertificateSet* before = nullptr);
Checked<LoadedCertificates> load_all(CertificateSources sources);

// One line for each certificate that has expired, will expire soon or is not valid yet.
std::vector<std::string> expiry_warnings(const tls::CertificateSet& certificates, WallTime now);
// One line for each certificate that many clients will reject and that is not in `before` (may be
// null).
std::vector<std::string> use_warnings(const tls::CertificateSet& certificates,
                                      const tls::CertificateSet* before = nullptr);
// "example.org, www.example.org", or the file's name; a long list is shortened.
std::string names_text(const tls::Identity& identity);

// Holds the served certificates and detects changes of their files. Independent of workers; its
// calls block.
class CertificateKeeper {
 public:
  struct Seen {
    tls::CertificateSet::Ptr changed;  // to serve from now on; null: no change
    std::vector<std::string> lines;    // for the operator
  };

  CertificateKeeper(const Clock& clock, LoadedCertificates certificates);
  // Reads changed files at once, and again at the next look, when a file that was being written is
  // complete. Only then a failure is an error.
  Seen look();
  // From now on these are served, whatever was before.
  void use(LoadedCertificates certificates);

 private:
  void look_after_day(Seen& seen);

  const Clock& clock_;
  LoadedCertificates served_;  // with the stamps of the last look
  TimePoint next_day_;
  bool renewal_failed_ = false;  // of the local CA's pair: retried at each look, reported daily
  bool settled_ = true;          // the last two looks had the same stamps
};

}  // namespace troika
