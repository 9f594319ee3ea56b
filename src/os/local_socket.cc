#include "os/local_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::size_t kMostReply = 16U << 20U;  // bytes
constexpr int kBacklog = 16;

std::optional<sockaddr_un> local_address(const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

Fd local_socket(int flags) { return Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

int connect_to(int fd, const sockaddr_un& address) noexcept {
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  return uninterrupted([&] { return connect(fd, any, sizeof address); }) == 0 ? 0 : errno;
}

std::unexpected<std::string> cannot(std::string_view doing, const std::string& path, int error) {
  return std::unexpected(
      formatted("cannot {} the control socket {}: {}", doing, path, std::strerror(error)));
}

// A socket that nobody listens at is a remainder; anything else stays.
Checked<void> clear_away(const std::string& path, const sockaddr_un& address) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return std::unexpected(formatted(
        "{} is there and is no socket: choose another place for the control socket", path));
  }
  const Fd probe = local_socket(SOCK_NONBLOCK);
  const int error = probe ? connect_to(probe.get(), address) : errno;
  if (error == 0 || error == EAGAIN) {
    return std::unexpected(formatted(
        "another server has the control socket {}: choose another place with --control", path));
  }
  if (error != ECONNREFUSED) return cannot("look at", path, error);
  unlink(path.c_str());
  return {};
}

}  // namespace

Checked<Fd> listen_locally(const std::string& path) {
  const auto address = local_address(path);
  if (!address) return std::unexpected(formatted("{} is too long for a control socket", path));
  if (auto cleared = clear_away(path, *address); !cleared) {
    return std::unexpected(cleared.error());
  }
  Fd fd = local_socket(SOCK_NONBLOCK);
  // The rights of the file are those of the socket, less the umask: nobody can connect in between.
  if (!fd || fchmod(fd.get(), 0600) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return cannot("make", path, errno);
  }
  if (chmod(path.c_str(), 0600) != 0 || listen(fd.get(), kBacklog) != 0) {
    return cannot("listen at", path, errno);
  }
  return fd;
}

bool is_trusted_peer(int connection) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

Checked<std::string> ask_locally(const std::string& path, std::string_view line,
                                 Duration patience) {
  const auto address = local_address(path);
  if (!address) return std::unexpected(formatted("{} is too long for a control socket", path));
  const Fd fd = local_socket(0);
  const int error = fd ? connect_to(fd.get(), *address) : errno;
  if (error == ENOENT || error == ECONNREFUSED) {
    return std::unexpected(formatted(
        "no server listens at the control socket {}: name its socket with --control", path));
  }
  if (error != 0) return cannot("connect to", path, error);
  const std::string sent = std::string(line) + '\n';
  if (send(fd.get(), sent.data(), sent.size(), MSG_NOSIGNAL) < 0) {
    return cannot("write to", path, errno);
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  std::string reply;
  while (reply.size() < kMostReply) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 ||
        uninterrupted([&] { return poll(&wait, 1, static_cast<int>(left.count())); }) <= 0) {
      return std::unexpected(formatted("the server at {} has not answered in time", path));
    }
    char buffer[4096];
    const ssize_t count = uninterrupted([&] { return recv(fd.get(), buffer, sizeof buffer, 0); });
    if (count <= 0) break;
    reply.append(buffer, static_cast<std::size_t>(count));
    if (reply.ends_with('\n')) return reply.substr(0, reply.size() - 1);
  }
  return std::unexpected(formatted("the server at {} ended before it answered", path));
}

}  // namespace troika
