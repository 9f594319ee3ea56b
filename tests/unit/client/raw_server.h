#pragma once
// A listener on loopback without a loop: the test says what happens on its sockets, and when.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>
#include <string_view>

#include "os/bind.h"
#include "os/fd.h"
#include "ports/address.h"

namespace troika::test {

class RawServer {
 public:
  // `backlog`: as in listen(2).
  explicit RawServer(int backlog = 8) : socket_(make_socket(SocketKind::tcp, kAny).value()) {
    REQUIRE(::bind(socket_.get(), kAny.get(), kAny.size()) == 0);
    REQUIRE(::listen(socket_.get(), backlog) == 0);
  }
  Address address() const { return bound_address(socket_.get()); }
  // False: no client has connected yet.
  bool accept() {
    if (!client_) client_ = Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK));
    return static_cast<bool>(client_);
  }
  int unread() const {
    int bytes = 0;
    return client_ && ::ioctl(client_.get(), FIONREAD, &bytes) == 0 ? bytes : 0;
  }
  void send(std::string_view text) {
    CHECK(::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
  }
  void shut() { CHECK(::shutdown(client_.get(), SHUT_WR) == 0); }
  // With unread bytes: a reset (RFC 9293 §3.6.1, RFC 1122 §4.2.2.13).
  void close() { client_ = {}; }

 private:
  static inline const Address kAny = Address::v4(0x7f000001, 0);
  Fd socket_, client_;
};

}  // namespace troika::test
