#include "server/certificate_sources.h"

#include <format>

namespace troika {
namespace {

constexpr std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp(const std::string& path) {
  struct stat seen{};
  if (stat(path.c_str(), &seen) != 0) return {.path = path};
  if (!S_ISREG(seen.st_mode)) return {.path = path, .there = true};
  return {.path = path,
          .there = true,
          .device = seen.st_dev,
          .inode = seen.st_ino,
          .size = seen.st_size,
          .changed = nanoseconds(seen.st_ctim),
          .modified = nanoseconds(seen.st_mtim)};
}

Checked<std::vector<tls::CertificateFiles>> all_pairs(const CertificateSources& sources) {
  std::vector<tls::CertificateFiles> pairs = sources.pairs;
  if (sources.folder.empty()) return pairs;
  const auto found = tls::find_certificates(sources.folder);
  if (!found) return found;
  pairs.insert(pairs.end(), found->begin(), found->end());
  if (pairs.size() <= tls::kMostCertificates) return pairs;
  return std::unexpected(std::format("There are {} certificates with those in {}: {} are the most.",
                                     pairs.size(), sources.folder, tls::kMostCertificates));
}

}  // namespace

Checked<tls::CertificateSet::Ptr> load(const CertificateSources& sources,
                                       const tls::CertificateSet* before) {
  const auto pairs = all_pairs(sources);
  if (!pairs) return std::unexpected(pairs.error());
  return tls::CertificateSet::load(*pairs, before);
}

Checked<LoadedCertificates> load_all(CertificateSources sources) {
  auto stamps = look_at(sources);
  auto set = load(sources);
  if (!set) return std::unexpected(std::move(set.error()));
  return LoadedCertificates{std::move(sources), std::move(stamps), std::move(*set)};
}

std::vector<FileStamp> look_at(const CertificateSources& sources) {
  std::vector<FileStamp> stamps;
  const auto pairs = all_pairs(sources);
  if (!pairs) return {FileStamp{.path = pairs.error()}};
  for (const tls::CertificateFiles& files : *pairs) {
    stamps.push_back(stamp(files.cert_file));
    stamps.push_back(stamp(files.key_file));
  }
  return stamps;
}

}  // namespace troika
