#include "tools/link/ends.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ranges>

#include "base/text.h"

namespace troika::link {
namespace {

constexpr const char* kDevice = "link0";
constexpr const char* kAvailable = "/proc/sys/net/ipv4/tcp_available_congestion_control";

std::unexpected<std::string> explain(const char* what) {
  const int error = errno;
  if (error == EPERM || error == EACCES) {
    return std::unexpected(formatted("{} is not allowed: run it as root", what));
  }
  return std::unexpected(formatted("{} failed: {}", what, std::strerror(error)));
}

// A name that is only a module yet would be loaded by asking for it.
Checked<void> check_tcp(const std::string& tcp) {
  std::ifstream in(kAvailable);
  std::string names;
  std::getline(in, names);
  const auto is_it = [&](auto word) { return std::ranges::equal(word, tcp); };
  if (std::ranges::any_of(std::views::split(names, ' '), is_it)) return {};
  return std::unexpected(
      formatted("this kernel has no TCP congestion control \"{}\" loaded, only: {}", tcp, names));
}

Checked<Fd> make_device() {
  Fd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return explain("opening /dev/net/tun");
  ifreq request{};
  std::strncpy(request.ifr_name, kDevice, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return explain("making a TUN device");
  return fd;
}

// In the namespace of the calling thread.
Checked<void> run_ip(const std::string& lines) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return explain("making a pipe");
  Fd from(ends[0]);
  {
    const Fd to(ends[1]);
    // Far less than what a pipe takes at once.
    if (::write(to.get(), lines.data(), lines.size()) != std::ssize(lines)) {
      return explain("writing to a pipe");
    }
  }
  const pid_t pid = ::fork();
  if (pid < 0) return explain("starting ip");
  if (pid == 0) {
    ::dup2(from.get(), STDIN_FILENO);
    ::execlp("ip", "ip", "-batch", "-", nullptr);
    ::_exit(127);
  }
  int status = 0;
  uninterrupted([&] { return ::waitpid(pid, &status, 0); });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return std::unexpected("there is no program \"ip\": install iproute2");
  }
  return std::unexpected("\"ip\" could not set up the link; what it says is above");
}

}  // namespace

Checked<End> make_end(const std::string& own, const std::string& peer, const std::string& tcp) {
  if (!tcp.empty()) {
    if (auto good = check_tcp(tcp); !good) return std::unexpected(good.error());
  }
  if (::unshare(CLONE_NEWNET) != 0) return explain("making a network namespace");
  Fd space(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!space) return explain("opening a network namespace");
  auto device = make_device();
  if (!device) return std::unexpected(device.error());
  // What waits for us to read it is not dropped before the link's own queue decides.
  const auto done =
      run_ip(formatted("link set lo up\n"
                       "link set {0} mtu 1500 txqueuelen 10000 addrgenmode none\n"
                       "link set {0} up\n"
                       "address add {1}/32 dev {0}\n"
                       "route add {2}/32 dev {0} src {1}{3}\n",
                       kDevice, own, peer, tcp.empty() ? "" : " congctl " + tcp));
  if (!done) return std::unexpected(done.error());
  return End{std::move(space), std::move(*device)};
}

}  // namespace troika::link
