// Servers that respond before they have read the request and close: the client writes on and meets
// the reset, while the response lies in its receive buffer.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "client/client.h"
#include "support/session_harness.h"
#include "unit/client/raw_server.h"

using namespace troika;
using namespace troika::test;

namespace {

// A few bytes, and more once the server has them. All that the server does, it does inside that
// second pull: between the client's last look at its socket and its next write.
class Upload final : public BodySource {
 public:
  Upload(BufferPool& pool, RawServer& server, std::string response, bool shuts)
      : pool_(pool), server_(server), response_(std::move(response)), shuts_(shuts) {}
  Result<Pulled> pull(std::size_t) override {
    if (begun_ && server_.unread() == 0) return Pulled{PullState::blocked, {}};
    if (begun_ && !response_.empty()) {
      server_.send(std::exchange(response_, {}));
      if (shuts_) server_.shut();
      server_.close();
    }
    begun_ = true;
    SlabWriter writer(pool_, 1000);
    return Pulled{PullState::data, writer.commit(1000)};
  }
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  std::optional<std::uint64_t> remaining() const noexcept override { return std::nullopt; }
  void look() {
    if (server_.accept() && server_.unread() > 0 && waker_ != nullptr) waker_->wake();
  }

 private:
  BufferPool& pool_;
  RawServer& server_;
  std::string response_;
  bool shuts_, begun_ = false;
  Waker* waker_ = nullptr;
};

struct Outcome {
  std::uint16_t status;
  std::string body;
  bool failed;
};

Outcome upload(const std::string& response, bool shuts,
               client::Protocol protocol = client::Protocol::h1_plain) {
  RawServer server;
  auto client = client::Client::make({.verify = false}).value();
  client::Connection& connection =
      *client->connect(protocol, server.address(), "localhost").value();
  const auto in_time = [&](auto done) {
    const bool was = client->run_until(std::move(done), std::chrono::seconds(20));
    REQUIRE(was);
  };
  in_time([&] { return connection.ready() || connection.closed(); });
  REQUIRE(connection.ready());
  auto made = std::make_unique<Upload>(client->pool(), server, response, shuts);
  Upload* const body = made.get();
  client::Fetch& fetch = client->fetch(
      connection, client::make_request("POST", "localhost", "/", "http"), std::move(made));
  in_time([&] {
    if (!fetch.done()) body->look();
    client->loop().post([] {});  // what look() began needs another turn
    return fetch.done() && connection.closed();
  });
  return {fetch.status(), fetch.body, fetch.failed()};
}

}  // namespace

TEST_CASE("A response that came before the reset is reported, though the upload fails") {
  for (const bool shuts : {false, true}) {
    CAPTURE(shuts);
    const std::string body(30000, 'x');
    const Outcome whole =
        upload("HTTP/1.1 413 Too Large\r\nContent-Length: 30000\r\n\r\n" + body, shuts);
    CHECK(whole.status == 413);
    CHECK((whole.body == body));  // not printed
    CHECK_FALSE(whole.failed);
  }
}

TEST_CASE("The same over HTTP/2") {
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  const std::string head(
      "\0\0\5\1\5\0\0\0\1\x08\x03"
      "413",
      14);  // the whole response
  const Outcome whole = upload(settings + head, false, client::Protocol::h2_plain);
  CHECK(whole.status == 413);
  CHECK_FALSE(whole.failed);
}

TEST_CASE("A response that a reset cuts short is not whole, one that ends with FIN is") {
  const std::string until_close = "HTTP/1.1 413 Too Large\r\n\r\nbody";
  CHECK(upload(until_close, false).failed);
  const Outcome ended = upload(until_close, true);
  CHECK_FALSE(ended.failed);
  CHECK(ended.body == "body");
  CHECK(upload("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nbody", true).failed);
}
