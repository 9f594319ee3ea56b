#pragma once
#include <sys/stat.h>

#include <compare>
#include <string>
#include <vector>

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

}  // namespace troika
