#include "server/certificate_store.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "base/text.h"
#include "certs/dev_ca.h"
#include "tls/certificates/identity.h"

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
  return std::unexpected(formatted("There are {} certificates with those in {}: the maximum is {}.",
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

namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr std::chrono::days kSoon{14};
constexpr std::size_t kMostNamed = 3;  // names per line

std::string date(WallTime time) {
  return formatted("{:%F}", std::chrono::floor<std::chrono::days>(time));
}

std::string about(const tls::Identity& identity, std::string_view what) {
  return formatted("the certificate {} ({}) {}", identity.files.cert_file, names_text(identity),
                   what);
}

std::string change_text(const tls::CertificateSet& before, const tls::CertificateSet& now) {
  std::string text;
  std::size_t added = 0;
  for (const tls::Identity& identity : now.identities()) {
    if (before.holds(identity) || ++added > kMostNamed) continue;
    text += formatted("; {} until {}", names_text(identity), date(identity.not_after));
  }
  if (added > kMostNamed) text += formatted("; and {} more", added - kMostNamed);
  const auto gone = std::ranges::count_if(
      before.identities(), [&](const tls::Identity& identity) { return !now.holds(identity); });
  if (added == 0) text += formatted("; {} removed", gone);
  return text.substr(2);
}

}  // namespace

std::string names_text(const tls::Identity& identity) {
  if (identity.names.empty()) return identity.files.cert_file;
  std::string text;
  for (const std::string& name : identity.names | std::views::take(kMostNamed)) {
    text += (text.empty() ? "" : ", ") + name;
  }
  if (identity.names.size() <= kMostNamed) return text;
  return formatted("{} and {} more", text, identity.names.size() - kMostNamed);
}

std::vector<std::string> expiry_warnings(const tls::CertificateSet& certificates, WallTime now) {
  std::vector<std::string> lines;
  for (const tls::Identity& identity : certificates.identities()) {
    std::string what;
    if (identity.not_after <= now) {
      what = formatted("expired on {}: clients refuse it", date(identity.not_after));
    } else if (identity.not_before > now) {
      what = formatted("is not valid before {}: clients refuse it", date(identity.not_before));
    } else if (identity.not_after <= now + kSoon) {
      what = formatted("expires on {}: renew it", date(identity.not_after));
    } else {
      continue;
    }
    lines.push_back(about(identity, what));
  }
  return lines;
}

std::vector<std::string> use_warnings(const tls::CertificateSet& certificates,
                                      const tls::CertificateSet* before) {
  std::vector<std::string> lines;
  for (const tls::Identity& identity : certificates.identities()) {
    if (before != nullptr && before->holds(identity)) continue;
    for (const std::string& doubt : tls::doubts_about(identity)) {
      lines.push_back(about(identity, doubt));
    }
  }
  return lines;
}

CertificateKeeper::CertificateKeeper(const Clock& clock, LoadedCertificates certificates)
    : clock_(clock), served_(std::move(certificates)), next_day_(clock.now() + kDay) {}

CertificateKeeper::Seen CertificateKeeper::look() {
  Seen seen;
  look_after_day(seen);
  auto stamps = look_at(served_.sources);
  const bool same = stamps == served_.stamps;
  if (same && settled_) return seen;
  served_.stamps = std::move(stamps);
  settled_ = same;
  auto loaded = load(served_.sources, served_.set.get());
  if (!loaded) {
    // The files may have been written while they were read: then a later look tells.
    settled_ = same && look_at(served_.sources) == served_.stamps;
    if (settled_) seen.lines.push_back("certificates not changed: " + loaded.error());
    return seen;
  }
  if ((*loaded)->same_as(*served_.set)) return seen;
  seen.lines.push_back("new certificates: " + change_text(*served_.set, **loaded));
  std::ranges::move(use_warnings(**loaded, served_.set.get()), std::back_inserter(seen.lines));
  seen.changed = served_.set = std::move(*loaded);
  return seen;
}

void CertificateKeeper::use(LoadedCertificates certificates) {
  served_ = std::move(certificates);
  settled_ = false;  // a file that was being written is complete at the next look
  renewal_failed_ = false;
}

void CertificateKeeper::look_after_day(Seen& seen) {
  const bool new_day = clock_.now() >= next_day_;
  if (new_day) next_day_ = clock_.now() + kDay;
  if ((new_day || renewal_failed_) && !served_.sources.state_folder.empty()) {
    const auto made = ensure_dev_certificate(served_.sources.state_folder, {}, clock_.wall(),
                                             std::chrono::milliseconds(0));
    if (!made && new_day) seen.lines.push_back(made.error());
    renewal_failed_ = !made;
  }
  if (!new_day) return;
  for (std::string& line : expiry_warnings(*served_.set, clock_.wall())) {
    seen.lines.push_back(std::move(line));
  }
}

}  // namespace troika
