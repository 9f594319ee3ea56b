#include "files/changing.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <system_error>
#include <thread>

#include "base/text.h"

namespace troika::files {
namespace {

namespace fs = std::filesystem;

// Nobody asks root for permission, but a test of permissions wants to be asked. Done before any
// thread is made, as each has capabilities of its own.
[[maybe_unused]] const bool kGaveUpPower = [] {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  sets[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
  return ::syscall(SYS_capset, &header, sets.data()) == 0;
}();

// 32 letters from `first` on, in an order that comes again only far behind what gzip remembers: it
// makes five eighths of them.
std::string letters(char first) {
  constexpr std::size_t kPeriod = (1U << 20U) + 7;
  std::mt19937 random(static_cast<unsigned char>(first));
  std::string period(kPeriod, first);
  for (char& c : period) c = static_cast<char>(c | static_cast<char>(random() & 31U));
  std::string text;
  text.reserve(kLargest);
  while (text.size() < kLargest) text.append(period, 0, kLargest - text.size());
  return text;
}

void must(int result, const fs::path& path) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), path.string());
}

bool may_read(const fs::path& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

}  // namespace

const char* name_of(Change change) {
  constexpr std::array kNames{"truncated", "replaced",    "deleted",
                              "forbidden", "appended to", "truncated and grown again"};
  return kNames.at(static_cast<std::size_t>(change));
}

const std::string& old_content() {
  static const std::string text = letters('@');
  return text;
}
const std::string& new_content() {
  static const std::string text = letters('`');
  return text;
}

Stage::Stage(client::Protocol protocol, std::string ending)
    : server_(serve(ground_.root())), protocol_(protocol), ending_(std::move(ending)) {}

std::string Stage::end() {
  client_.reset();
  return server_->drain();
}

void Stage::renew(std::uint64_t size) {
  // The server may keep the last one open, but not its blocks.
  if (const fs::path last = ground_.at(file_); fs::is_regular_file(last)) {
    fs::permissions(last, fs::perms::owner_all);
    fs::resize_file(last, 0);
    fs::remove(last);
  }
  file_ = formatted("{}.{}", ++made_, ending_);
  ground_.write(file_, std::string_view(old_content()).substr(0, size));
}

Stage::Expected Stage::make(Change change, std::uint64_t length) const {
  const fs::path path = ground_.at(file_);
  const std::uint64_t size = fs::file_size(path);
  switch (change) {
    case Change::truncate:
      must(::truncate(path.c_str(), static_cast<off_t>(length)), path);
      return {200, length};
    case Change::replace:
      ground_.write("next", std::string_view(new_content()).substr(0, kNewSize));
      fs::rename(ground_.at("next"), path);
      return {200, kNewSize};
    case Change::remove: fs::remove(path); return {};
    case Change::forbid:
      must(::chmod(path.c_str(), 0), path);
      return may_read(path) ? Expected{200, size} : Expected{};
    case Change::append: {
      std::ofstream file(path, std::ios::binary | std::ios::app);
      file << std::string_view(new_content()).substr(0, kNewSize);
      return {200, size + kNewSize};
    }
    case Change::regrow:
      ground_.write(file_, std::string_view(new_content()).substr(0, size));  // truncates first
      return {200, size};
  }
  return {};
}

Transfer::Of Stage::request(HeaderMap fields) const {
  return {.protocol = protocol_,
          .address = server_->address,
          .target = "/" + file_,
          .fields = std::move(fields)};
}

parity::Answer Stage::visit() {
  std::this_thread::sleep_for(SiteLimits{}.fresh + std::chrono::milliseconds(20));
  return make_asker(**client_, *server_, protocol_)->ask({.method = "HEAD", .target = "/" + file_});
}

}  // namespace troika::files
