#pragma once
#include <sys/stat.h>

#include <compare>
#include <string>
#include <vector>

#include "base/time.h"
#include "tls/certificates/certificate_set.h"

namespace troika {

// Where the certificates of a server come from.
struct CertificateSources {
  std::vector<tls::CertificateFiles> pairs;
  std::string folder;        // of more pairs; empty: none
  std::string state_folder;  // of the local CA, which made the pair; empty: it did not
};

// What a file looks like from outside. When none of this differs, neither does what is in it. A
// pipe can be read only once, so it looks the same always.
struct FileStamp {
  std::string path;
  bool there = false;
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, changed = 0, modified = 0;  // times in nanoseconds
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// What a server has read.
struct LoadedCertificates {
  CertificateSources sources;
  std::vector<FileStamp> stamps;  // from before the files were read
  tls::CertificateSet::Ptr set;
};

// Of all files that would be read now.
std::vector<FileStamp> look_at(const CertificateSources& sources);
// The error is a sentence that names the file. What came through a pipe is taken from `before`.
Checked<tls::CertificateSet::Ptr> load(const CertificateSources& sources,
                                       const tls::CertificateSet* before = nullptr);
Checked<LoadedCertificates> load_all(CertificateSources sources);

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
