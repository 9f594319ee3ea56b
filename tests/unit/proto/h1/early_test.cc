
#include "server.h"

using namespace troika;
using namespace troika::test;

namespace {

struct EarlyServer : H1Server {
  EarlyServer() {
    bench.peer.security.encrypted = true;
    bench.peer.security.handshaking = true;
  }
  std::string end_handshake() {
    bench.peer.security.handshaking = false;
    session().on_handshake_done(bench.clock.now());
    return take();
  }
};

const std::string kPost = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
const std::string kGetB = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("A request that is sent ahead waits behind one that is held for the handshake") {
  EarlyServer server;
  CHECK(server.send(kPost + kGetB).empty());
  CHECK(server.bench.handler.started == 0);
  // The rest of the handshake comes by the same way.
  CHECK(server.interest().wants_read);
  CHECK(server.send(kGetB).empty());

  const H1ResponseReader reader(server.end_handshake());
  CHECK(reader.error.empty());
  CHECK(reader.responses.size() == 3);
  REQUIRE(server.bench.handler.requests.size() == 3);
  CHECK(server.bench.handler.requests[0].early_data);
  CHECK(server.bench.handler.requests[1].target.raw == "/b");
  CHECK(!server.bench.handler.requests[1].early_data);  // it was read after the handshake
  server.close();
  CHECK(server.bench.pool.outstanding() == 0);
}

TEST_CASE("A request behind one that was answered from early data is held on its own account") {
  EarlyServer server;
  CHECK(only(server.send(kGetB + kPost)).status == 200);
  CHECK(server.bench.handler.started == 1);
  CHECK(only(server.end_handshake()).status == 200);
}

TEST_CASE("A held request whose body turns out to be broken is answered 400 and never handled") {
  EarlyServer server;
  CHECK(only(server.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nabc\r\nnot a size"))
            .status == 400);
  CHECK(server.end_handshake().empty());
  CHECK(server.bench.handler.started == 0);
  CHECK(server.bench.peer.held == 0);
}

TEST_CASE("A connection that ends while a request is held never handles it") {
  EarlyServer server;
  CHECK(server.send(kPost).empty());
  server.close();
  CHECK(server.bench.handler.started == 0);
  REQUIRE(server.log().size() == 1);
  CHECK(server.log()[0].aborted == AbortReason::peer_gone);
  CHECK(server.bench.peer.held == 0);
  CHECK(server.bench.pool.outstanding() == 0);
}
