#include "server/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <utility>

#include "base/text.h"
#include "handlers/file_names.h"
#include "os/fd.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // Linux follows as many

// The path where a file is or would be created, also through a dangling link.
fs::path resolved(const fs::path& path, std::error_code& failed) {
  fs::path at = fs::absolute(path, failed);
  std::error_code missing;
  for (int i = 0; i < kMostLinks && fs::is_symlink(at, missing) && !fs::exists(at, missing); ++i) {
    at = at.parent_path() / fs::read_symlink(at, failed);
  }
  return fs::weakly_canonical(at, failed);
}

// The folders that are served, each with all its links resolved.
class ServedFolders {
 public:
  explicit ServedFolders(const Config& config) {
    for (const FilesSpec* const files : folders_of(config)) {
      std::error_code absent;
      if (fs::path root = fs::canonical(files->root, absent); !absent) {
        folders_.emplace(std::move(root), files);
      }
    }
  }

  // A file as clients could request it.
  struct Found {
    const FilesSpec& folder;
    std::string path;
  };
  std::vector<Found> find(const fs::path& file) const {
    std::vector<Found> found;
    std::error_code failed;
    const fs::path inner = resolved(file, failed);
    if (failed) return found;
    for (fs::path outer = inner;; outer = outer.parent_path()) {
      for (auto [at, end] = folders_.equal_range(outer); at != end; ++at) {
        found.push_back({*at->second, "/" + inner.lexically_relative(outer).string()});
      }
      if (outer == outer.parent_path()) return found;
    }
  }

 private:
  std::multimap<fs::path, const FilesSpec*> folders_;
};

}  // namespace

Checked<void> keep_out_of_sites(std::string_view option, const std::string& path,
                                const Config& config) {
  const auto found = ServedFolders(config).find(path);
  if (found.empty()) return {};
  return std::unexpected(
      formatted("{} {} is inside the served folder {}: it must not be public, choose another place",
                option, path, found.front().folder.root));
}

Checked<std::string> keep_keys_out_of_sites(const Config& config,
                                            const tls::CertificateSet& certificates) {
  const ServedFolders folders(config);
  std::vector<std::string> places;
  if (!config.tls.certs_folder.empty()) places.push_back(config.tls.certs_folder);
  for (const tls::Identity& identity : certificates.identities()) {
    places.push_back(identity.files.key_file);
  }
  std::string warning;
  for (const std::string& place : places) {
    for (const auto& [folder, path] : folders.find(place)) {
      if (folder.options.dotfiles || !is_hidden(path)) {
        return std::unexpected(formatted(
            "private keys are inside the served folder: move {} out of {}", place, folder.root));
      }
      if (!warning.empty()) continue;
      warning = formatted(
          "private keys are inside the served folder ({}): dotfiles are not served, but links to "
          "them are; move the keys out",
          place);
    }
  }
  return warning;
}

namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr std::size_t kMostBytes = 4096;  // far more than is written here
constexpr std::string_view kComment =
    "# Troika's master secret. Session tickets and QUIC's tokens and resets are derived from it:\n"
    "# keep it as safe as a private key. All machines behind one address share one.\n";

std::unexpected<std::string> trouble(std::string_view doing, const std::string& file, int error) {
  return std::unexpected(
      formatted("cannot {} the secrets file {}: {}; give --secrets a file "
                "that this user alone can read and write",
                doing, file, std::strerror(error)));
}

Secrets made_of(const tls::Root& master) {
  Secrets secrets;
  tls::derive(master, "troika quic secret", secrets.quic);
  tls::derive(master, "troika ticket root", secrets.tickets);
  return secrets;
}

tls::Root random_root(Random& random) {
  tls::Root root;
  random.fill(root);
  return root;
}

std::string text_of(const tls::Root& master) {
  std::string text(kComment);
  for (const std::byte b : master) text += formatted("{:02x}", std::to_integer<unsigned>(b));
  return text + '\n';
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

// One line of 64 digits, at the place where text_of() writes them; the comment lines may differ.
std::optional<tls::Root> parse(std::string_view text) {
  while (text.starts_with('#')) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  tls::Root master;
  if (text.size() != 2 * master.size() + 1 || text.back() != '\n') return std::nullopt;
  for (std::size_t i = 0; i < master.size(); ++i) {
    const auto high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    master[i] = static_cast<std::byte>(*high << 4U | *low);
  }
  return master;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0;
}

// Creates the file atomically: of two processes that start at once, both use the file of one.
Checked<void> make_file(const std::string& file, Random& random) {
  const std::string temporary = formatted("{}.{:016x}", file, random.u64());
  const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
  if (!fd) return trouble("create", file, errno);
  const bool made = write_all(fd.get(), text_of(random_root(random))) &&
                    (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int why = errno;
  ::unlink(temporary.c_str());
  if (!made) return trouble("create", file, why);
  return {};
}

Checked<tls::Root> read_file(const std::string& file) {
  // O_NONBLOCK: do not wait for the writer of a pipe.
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) return trouble("read", file, errno);
  if (!S_ISREG(info.st_mode)) {
    return std::unexpected(file + " is not a file: give --secrets a file, or a new one");
  }
  if (info.st_uid != geteuid()) {
    return std::unexpected(
        formatted("the secrets file {} belongs to another user (id {}), who can read and change "
                  "it: give --secrets a file owned by this user",
                  file, info.st_uid));
  }
  if ((info.st_mode & 077U) != 0) {
    return std::unexpected(formatted(
        "users other than the owner can access the secrets file {} (mode {:04o}): chmod 600 it, "
        "or, if they may have read it, remove it so that a new one is created",
        file, info.st_mode & 07777U));
  }
  std::string text(kMostBytes, '\0');
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return trouble("read", file, errno);
  text.resize(static_cast<std::size_t>(size));
  const auto master = parse(text);
  if (!master) {
    return std::unexpected(
        "the secrets file " + file +
        " is damaged: restore a copy, or remove it so that a new one is created");
  }
  return *master;
}

}  // namespace

Secrets random_secrets(Random& random) { return made_of(random_root(random)); }

Checked<Secrets> secrets_from(const std::string& file, Random& random) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0 && errno == ENOENT) {
    if (auto made = make_file(file, random); !made) return std::unexpected(made.error());
  }
  return read_file(file).transform(made_of);
}

}  // namespace troika
