#include "counts/data_frames.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "os/fd.h"

namespace troika::counts {
namespace {

using namespace std::string_literals;

constexpr std::uint8_t kData = 0, kHeaders = 1, kSettings = 4, kGoAway = 7, kWindowUpdate = 8;
constexpr std::uint8_t kEndStream = 1, kEndHeaders = 4;

[[noreturn]] void fail_with_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// RFC 9113 §4.1.
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint8_t stream,
                  const std::string& payload) {
  std::string bytes{'\0', static_cast<char>(payload.size() >> 8U),
                    static_cast<char>(payload.size()), static_cast<char>(type),
                    static_cast<char>(flags)};
  return bytes + "\0\0\0"s + static_cast<char>(stream) + payload;
}

// RFC 7541: :method GET and :scheme http from the static table, :path and :authority as literals.
std::string fields(const std::string& target) {
  return "\x82\x86\x04"s + static_cast<char>(target.size()) + target + "\x01\x09localhost"s;
}

void read_all(int socket, std::span<unsigned char> into) {
  while (!into.empty()) {
    const ssize_t n = ::recv(socket, into.data(), into.size(), 0);
    // A process that is stopped and goes on gets EINTR without a handler when the socket has a time
    // limit: signal(7), "Interruption of system calls by stop signals".
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_with_errno("recv");
    if (n == 0) throw std::runtime_error("the server closed the connection");
    into = into.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace

namespace {

Fd connect_and_send(const Address& server, const std::string& request) {
  Fd socket(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), server.get(), server.size()) != 0) fail_with_errno("connect");
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    fail_with_errno("send");
  }
  return socket;
}

std::string h2_request(const std::string& target) {
  const std::string window = "\x7f\xfe\xff\xff"s;
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, "\0\x04\x7f\xff\xff\xff"s) +
         frame(kWindowUpdate, 0, 0, window) +
         frame(kHeaders, kEndStream | kEndHeaders, 1, fields(target));
}

}  // namespace

Fd ask_and_read_nothing(const Address& server, const std::string& target, bool h2) {
  const std::string h1 = "GET " + target + " HTTP/1.1\r\nhost: localhost\r\n\r\n";
  return connect_and_send(server, h2 ? h2_request(target) : h1);
}

namespace {

// RFC 7541 §5.1, §5.2: a string of any length, not Huffman coded.
std::string text(const std::string& bytes) {
  if (bytes.size() < 127) return static_cast<char>(bytes.size()) + bytes;
  std::string size = "\x7f";
  std::size_t rest = bytes.size() - 127;
  for (; rest >= 128; rest /= 128) size += static_cast<char>(rest % 128 + 128);
  return size + static_cast<char>(rest) + bytes;
}

}  // namespace

Fd ask_and_let_wait(const Address& server, const std::string& target) {
  std::string ranges = "bytes=";
  for (int i = 0; i < 16; ++i) {
    ranges += std::to_string(1000 * i) + "-" + std::to_string(1000 * i) + ",";
  }
  std::string request =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, "\0\x04\0\0\0\0"s);
  for (int i = 0; i < 100; ++i) {
    // Indexed from 62 on: the last one that was added, and the one before it.
    const std::string first = "\x40" + text("range") + text(ranges) + "\x40" + text("x") +
                              text(std::string(3700, 'a')) + std::string(7, '\xbe');
    const std::string more = "\xbf" + std::string(8, '\xbe');
    request += frame(kHeaders, kEndStream | kEndHeaders, static_cast<std::uint8_t>(2 * i + 1),
                     fields(target) + (i == 0 ? first : more));
  }
  return connect_and_send(server, request);
}

DataFrames count_data_frames(const Address& server, const std::string& target) {
  const Fd socket = connect_and_send(server, h2_request(target));
  DataFrames counted;
  std::vector<unsigned char> payload;
  for (;;) {
    std::array<unsigned char, 9> header{};
    read_all(socket.get(), header);
    payload.resize((static_cast<std::size_t>(header[0]) << 16U) |
                   (static_cast<std::size_t>(header[1]) << 8U) | header[2]);
    read_all(socket.get(), payload);
    if (header[3] == kGoAway) throw std::runtime_error("GOAWAY");
    if (header[3] != kData) continue;
    ++counted.frames;
    counted.bytes += payload.size();
    if ((header[4] & kEndStream) != 0) return counted;
  }
}

}  // namespace troika::counts
