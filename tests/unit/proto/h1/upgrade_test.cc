// A client's offer of a tunnel (RFC 9110 §7.8, RFC 6455 §4.2.1), and what becomes of it.
#include "server.h"

using namespace troika;
using namespace troika::test;

namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 §1.3

struct Offer {
  std::string line = "GET /chat HTTP/1.1";
  std::string upgrade = "Upgrade: websocket\r\n";
  std::string connection = "Connection: keep-alive, Upgrade\r\n";
  std::string key = "Sec-WebSocket-Key: " + kKey + "\r\n";
  std::string version = "Sec-WebSocket-Version: 13\r\n";
  std::string more{};

  std::string text() const {
    return line + "\r\nHost: a\r\n" + upgrade + connection + key + version + more + "\r\n";
  }
};

struct Tunnels : H1Server {
  int jobs = 0;
  Tunnels() {
    bench.handler.tunnels = true;
    bench.handler.answer = [this](RequestContext context, Responder& responder) {
      return context.request.protocol.empty() ? with_head({}, "plain")(context, responder)
                                              : echo_tunnel(jobs)(context, responder);
    };
  }
  ~Tunnels() { close(); }
};

}  // namespace

TEST_CASE("R35, R38: an upgrade that is whole is taken with 101 and the key's response") {
  for (const auto& [name, change] : std::vector<std::pair<std::string, Offer>>{
           {"as it is", {}},
           {"in capitals",
            {.upgrade = "UPGRADE: WebSocket\r\n", .connection = "connection: UPGRADE\r\n"}},
           {"in two lines", {.connection = "Connection: keep-alive\r\nConnection: upgrade\r\n"}}}) {
    INFO(name);
    Tunnels server;
    const std::string taken = server.send(change.text());
    CHECK(taken.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(taken.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK_FALSE(taken.contains("content-length"));
    CHECK_FALSE(taken.contains("transfer-encoding"));
    CHECK(server.send("ping") == "ping");
    CHECK(server.bench.handler.requests.at(0).protocol == "websocket");
    CHECK_FALSE(server.bench.handler.requests.at(0).headers.has("sec-websocket-key"));
    CHECK(server.jobs == 1);
  }
}

TEST_CASE("R35: an upgrade that is not whole is a plain request, and ends the connection") {
  const auto key = [](std::string value) { return "Sec-WebSocket-Key: " + value + "\r\n"; };
  for (const auto& [name, offer] : std::vector<std::pair<std::string, Offer>>{
           {"POST", {.line = "POST /chat HTTP/1.1"}},
           {"HEAD", {.line = "HEAD /chat HTTP/1.1"}},
           {"HTTP/1.0", {.line = "GET /chat HTTP/1.0"}},
           {"no Upgrade", {.upgrade = ""}},
           {"Upgrade to something else", {.upgrade = "Upgrade: h2c\r\n"}},
           {"Upgrade to one of two", {.upgrade = "Upgrade: websocket, h2c\r\n"}},
           {"Upgrade twice", {.upgrade = "Upgrade: websocket\r\nUpgrade: h2c\r\n"}},
           {"no Connection", {.connection = ""}},
           {"Connection does not name it", {.connection = "Connection: keep-alive\r\n"}},
           {"no key", {.key = ""}},
           {"two keys", {.key = key(kKey) + key(kKey)}},
           {"a key of 15 bytes", {.key = key("dGhlIHNhbXBsZSBub25j")}},
           {"a key of 17 bytes", {.key = key("dGhlIHNhbXBsZSBub25jZTE=")}},
           {"a key that is not base64", {.key = key("dGhlIHNhbXBsZSBub25jZ@==")}},
           {"no version", {.version = ""}},
           {"two versions",
            {.version = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"}}}) {
    INFO(name);
    Tunnels server;
    const std::string answer = server.send(offer.text() + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(server.jobs == 0);
    REQUIRE(server.bench.handler.requests.size() >= 1);
    const Request& seen = server.bench.handler.requests[0];
    CHECK(seen.protocol.empty());
    CHECK_FALSE(seen.headers.has("upgrade"));
    // R40: what follows may be of another protocol, wherever Upgrade is there.
    CHECK(server.finished() == !offer.upgrade.empty());
    CHECK(server.bench.handler.started == (offer.upgrade.empty() ? 2 : 1));
  }
}

TEST_CASE("R35: an upgrade with content is refused, even with none of it") {
  for (const std::string more :
       {"Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n"}) {
    INFO(more);
    Tunnels server;
    const H1Response answer = only(server.send(Offer{.more = more}.text() + "hello"));
    CHECK(answer.status == 400);
    CHECK(answer.closes());
    CHECK(server.finished());
    CHECK(server.bench.handler.started == 0);
  }
}

TEST_CASE("R35: an upgrade of another version is told which one there is") {
  for (const std::string version : {"12", "14", "8", "013", "13, 8", ""}) {
    INFO(version);
    Tunnels server;
    const H1Response answer =
        only(server.send(Offer{.version = "Sec-WebSocket-Version: " + version + "\r\n"}.text()));
    CHECK(answer.status == 426);
    CHECK(answer.field("sec-websocket-version") == "13");
    CHECK(answer.field("upgrade") == "websocket");
    CHECK(server.finished());
    CHECK(server.bench.handler.started == 0);
  }
}

TEST_CASE(
    "R40: a tunnel that is refused ends its connection, and the bytes behind it are no request") {
  const std::string behind = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const bool tunnels : {true, false}) {
    CAPTURE(tunnels);
    Tunnels server;
    server.bench.handler.tunnels = tunnels;
    ResponseHead refusal;
    refusal.status = 403;
    server.bench.handler.answer = with_head(refusal, "no");
    const H1Response answer = only(server.send(Offer{}.text() + behind));
    CHECK(answer.status == 403);
    CHECK(answer.closes());
    CHECK(server.finished());
    CHECK(server.bench.handler.started == 1);
  }
  Tunnels server;
  const H1Response answer = only(server.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" + behind));
  CHECK(answer.status == 501);
  CHECK(answer.closes());
  CHECK(server.finished());
  CHECK(server.bench.handler.started == 0);
}
