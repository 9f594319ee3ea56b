#include "tools/parity/ending.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "os/bind.h"
#include "tools/rig/live_server.h"

namespace troika::parity {
namespace {

using client::Protocol;

Asker::Ending ending(std::uint16_t status, Ask after = {}, std::size_t again = 0) {
  return {.why = "ended", .after = std::move(after), .answer = {.status = status}, .again = again};
}

TEST_CASE("A connection may end after what was refused unread and after a long upload") {
  const Ask upload{.method = "POST", .body = std::string((64U << 10U) + 1, 'x')};
  const Ask small{.method = "POST", .body = std::string(64U << 10U, 'x')};
  const Ask expecting{.method = "POST", .fields = {{"Expect", "100-continue"}}, .body = "x"};
  for (const std::uint16_t status : std::vector<std::uint16_t>{400, 414, 417, 431, 501}) {
    CAPTURE(status);
    CHECK(may_end(Protocol::h1, ending(status)));
    CHECK_FALSE(may_end(Protocol::h1, ending(status, {}, 1)));
    CHECK_FALSE(may_end(Protocol::h2, ending(status)));
    CHECK_FALSE(may_end(Protocol::h3, ending(status)));
  }
  for (const std::uint16_t status :
       std::vector<std::uint16_t>{200, 204, 206, 304, 308, 404, 405, 406, 412, 416}) {
    CAPTURE(status);
    CHECK_FALSE(may_end(Protocol::h1, ending(status)));
  }
  CHECK(may_end(Protocol::h1, ending(405, upload)));
  CHECK(may_end(Protocol::h1, ending(405, expecting)));
  CHECK_FALSE(may_end(Protocol::h1, ending(405, small)));
  CHECK_FALSE(may_end(Protocol::h1, ending(200, upload)));
}

// Answers each request on any of two connections with the same bytes, whatever it is.
class Rude {
 public:
  explicit Rude(std::string answer) : answer_(std::move(answer)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(listen(listener_.get(), 8) == 0);
    thread_ = std::thread([this] {
      for (int i = 0; i < 2; ++i) serve(Fd(accept(listener_.get(), nullptr, nullptr)));
    });
  }
  Rude(const Rude&) = delete;
  Rude& operator=(const Rude&) = delete;
  ~Rude() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  Address address() const { return bound_address(listener_.get()); }

 private:
  void serve(const Fd& peer) const {
    std::array<char, 4096> request{};
    while (peer && read(peer.get(), request.data(), request.size()) > 0) {
      if (write(peer.get(), answer_.data(), answer_.size()) < 0) return;
    }
  }

  std::string answer_;
  Fd listener_{socket(AF_INET, SOCK_STREAM, 0)};
  std::thread thread_;
};

std::vector<Asker::Ending> endings(const std::string& answer, const char* method) {
  Rude server(answer);
  auto client = rig::must(client::Client::make({}));
  Asker asker(*client, {.protocol = Protocol::h1_plain,
                        .address = server.address(),
                        .host = "localhost",
                        .answer_within = std::chrono::seconds(2)});
  const Ask ask{.method = method};
  CHECK(asker.ask(ask).failure.empty());
  asker.ask(ask);
  return asker.take_endings();
}

TEST_CASE("A stray body behind HEAD, 304 or 204 is noticed, and what was asked before it") {
  CHECK(endings("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD").empty());
  CHECK(endings("HTTP/1.1 304 Not Modified\r\n\r\n", "GET").empty());
  CHECK(endings("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "GET").empty());
  const auto seen = endings("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HEAD");
  REQUIRE_FALSE(seen.empty());
  CHECK(seen[0].after.method == "HEAD");
  CHECK(seen[0].why == "the response is not valid, or is none to a request");
  CHECK_FALSE(may_end(Protocol::h1, seen[0]));
  CHECK_FALSE(endings("HTTP/1.1 304 Not Modified\r\n\r\nabc", "GET").empty());
  CHECK_FALSE(endings("HTTP/1.1 204 No Content\r\n\r\nabc", "GET").empty());
}

}  // namespace
}  // namespace troika::parity
