#include "files/ground.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "server/static_site.h"

namespace troika::files {
namespace {

namespace fs = std::filesystem;

constexpr time_t kNewYear2020 = 1577836800;
constexpr time_t kDay = 86400;
constexpr std::size_t kAtOnce = 50;

}  // namespace

Ground::Ground() : root_(folder_.path() / "middle" / "root") { fs::create_directories(root_); }

void Ground::write(std::string_view name, std::string_view bytes) const {
  fs::create_directories(at(name).parent_path());
  std::ofstream file(at(name), std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) throw std::runtime_error("cannot write " + at(name).string());
}

void Ground::folder(std::string_view name) const { fs::create_directories(at(name)); }

void Ground::link(std::string_view name, const fs::path& to) const {
  fs::create_directories(at(name).parent_path());
  fs::create_symlink(to, at(name));
}

bool Ground::special(std::string_view name, mode_t kind, dev_t device) const {
  fs::create_directories(at(name).parent_path());
  if (mknod(at(name).c_str(), kind | 0666U, device) == 0) return true;
  if (errno == EPERM || errno == EACCES) return false;
  throw std::system_error(errno, std::generic_category(), at(name).string());
}

void Ground::set_day(std::string_view name, int days) const {
  const timespec time{kNewYear2020 + days * kDay, 0};
  const std::array<timespec, 2> times{time, time};
  if (utimensat(AT_FDCWD, at(name).c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw std::system_error(errno, std::generic_category(), at(name).string());
  }
}

std::unique_ptr<test::LiveServer> serve(const fs::path& root, SiteOptions options,
                                        std::size_t open_files) {
  SiteLimits limits{.open_files = open_files};
  limits.patience = std::chrono::hours(1);  // however busy the machine is
  return std::make_unique<test::LiveServer>(
      test::must(static_site(root.string(), std::move(options), SiteShare{limits})));
}

std::unique_ptr<parity::Asker> make_asker(client::Client& client, const test::LiveServer& server,
                                          client::Protocol protocol) {
  return std::make_unique<parity::Asker>(client, parity::Asker::To{.protocol = protocol,
                                                                   .address = server.address,
                                                                   .host = "localhost",
                                                                   .at_once = kAtOnce,
                                                                   .answer_within = kPatience});
}

}  // namespace troika::files
