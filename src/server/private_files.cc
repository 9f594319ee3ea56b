#include "server/private_files.h"

#include <algorithm>
#include <filesystem>
#include <format>
#include <optional>
#include <utility>

#include "handlers/answers.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as many as Linux follows

// Where a file lies, or would be made: also through a link to where nothing is yet.
fs::path resolved(const fs::path& path, std::error_code& failed) {
  fs::path at = fs::absolute(path, failed);
  std::error_code missing;
  for (int i = 0; i < kMostLinks && fs::is_symlink(at, missing) && !fs::exists(at, missing); ++i) {
    at = at.parent_path() / fs::read_symlink(at, failed);
  }
  return fs::weakly_canonical(at, failed);
}

// The path by which visitors could ask for it; nullopt: it is not in the folder.
std::optional<std::string> path_in(const fs::path& folder, const fs::path& path) {
  std::error_code failed, absent;
  const fs::path inner = resolved(path, failed), outer = fs::canonical(folder, absent);
  if (failed || absent) return std::nullopt;
  const auto [rest, at] = std::ranges::mismatch(outer, inner);
  if (rest != outer.end()) return std::nullopt;
  return "/" + inner.lexically_relative(outer).string();
}

}  // namespace

Checked<void> keep_out_of_site(std::string_view option, const std::string& path,
                               const std::string& root) {
  if (root.empty() || !path_in(root, path)) return {};
  return std::unexpected(
      std::format("{} {} lies in {}, which is served: what is written there is not for everybody, "
                  "name another place",
                  option, path, root));
}

Checked<std::string> keep_keys_out_of_site(const ServeOptions& options,
                                           const tls::CertificateSet& certificates) {
  if (options.root.empty()) return std::string();
  std::vector<std::string> places;
  if (!options.certs_folder.empty()) places.push_back(options.certs_folder);
  for (const tls::Identity& identity : certificates.identities()) {
    places.push_back(identity.files.key_file);
  }
  std::string warning;
  for (const std::string& place : places) {
    const auto path = path_in(options.root, place);
    if (!path) continue;
    if (options.site.dotfiles || !is_hidden(*path)) {
      return std::unexpected(
          std::format("private keys lie in the folder that is served: {} is in {}, move it out",
                      place, options.root));
    }
    if (!warning.empty()) continue;
    warning = std::format(
        "private keys lie in the folder that is served ({}): names with a dot are not "
        "answered, but links to them are; better move them out",
        place);
  }
  return warning;
}

}  // namespace troika
