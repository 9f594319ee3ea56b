
#include "server.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

Duration left(H1Server& server) { return server.session().deadline() - server.bench.clock.now(); }

}  // namespace

TEST_CASE("H1-18: a connection without a request is closed after the idle time") {
  H1Server server;
  CHECK(left(server) == 60s);
  server.bench.clock.advance(20s);
  CHECK(server.send(kGet) != "");
  CHECK(left(server) == 60s);
  server.bench.clock.advance(60s - 1ns);
  server.session().on_deadline(server.bench.clock.now());
  CHECK_FALSE(server.finished());
  CHECK(server.expire() == "");
  CHECK(server.finished());
  CHECK(server.session().deadline() == kNever);
}

TEST_CASE("H1-15: the head's deadline counts from its first byte") {
  for (const std::string_view begin : {"G", "GET / HTTP/1.1\r\nX: y"}) {
    H1Server server;
    server.bench.clock.advance(5s);
    server.receive(begin);
    CHECK(left(server) == 10s);
    server.bench.clock.advance(9s);
    server.receive(begin == "G" ? "E" : "z");
    CHECK(left(server) == 1s);
    const H1Response response = only(server.expire());
    CHECK(response.status == 408);
    CHECK(response.closes());
    CHECK(server.finished());
    CHECK(server.bench.handler.started == 0);
    REQUIRE(server.log().size() == 1);
    CHECK(server.log()[0].status == 408);
  }
}

TEST_CASE("an empty line is not the begin of a head") {
  H1Server server;
  CHECK(server.send(kGet) != "");
  server.receive("\r\n");
  CHECK(left(server) == 60s);
}

TEST_CASE("the head's deadline is over with the head") {
  H1Server server;
  server.receive("GET / HTTP/1.1\r\n");
  server.bench.clock.advance(9s);
  CHECK(server.send("Host: a\r\n\r\n") != "");
  CHECK(left(server) == 60s);
}

TEST_CASE("a discarded body that stays away ends the connection") {
  H1Server server;
  CHECK(server.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n") != "");
  CHECK(left(server) == 30s);
  server.bench.clock.advance(20s);
  server.receive("1");
  CHECK(left(server) == 10s);
  CHECK(server.expire() == "");
  CHECK(server.finished());
  CHECK_FALSE(server.interest().broken);
}

TEST_CASE("H1-15: trailers have their deadline from the last chunk, however they drip") {
  for (const bool reads : {true, false}) {
    CAPTURE(reads);
    int jobs = 0;
    BodySource* upload = nullptr;
    H1Server server;
    server.bench.handler.answer = hold(jobs, nullptr, &upload);
    CHECK(server.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == "");
    CHECK(server.send("3\r\nabc\r\n") == "");
    std::string text;
    if (reads) CHECK(read_body(*upload, text) == ReadState::blocked);
    server.bench.clock.advance(5s);
    CHECK(server.send("0\r\n") == "");
    CHECK(left(server) == 10s);
    server.bench.clock.advance(9s);
    CHECK(server.send("X: y") == "");
    CHECK(left(server) == 1s);
    const H1Response response = only(server.expire());
    CHECK(response.status == 408);
    CHECK(response.closes());
    CHECK(server.finished());
    CHECK(jobs == 0);
  }
}

TEST_CASE("the deadline of trailers is over with them") {
  int jobs = 0;
  H1Server server;
  server.bench.handler.answer = hold(jobs);
  CHECK(server.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == "");
  CHECK(server.send("0\r\nX: y\r\n") == "");
  CHECK(left(server) == 10s);
  CHECK(server.send("\r\n") == "");
  CHECK(left(server) == server.bench.exchange_timeouts.handler);
}

TEST_CASE("H1-17: a response that makes no progress on the wire is cut") {
  H1Server server;
  server.bench.handler.answer = with_pattern(1'000'000);
  server.receive(kGet);
  (void)server.session().produce(server.out(), 65536, server.bench.clock.now());
  CHECK(left(server) == 60s);
  server.bench.clock.advance(2s);
  server.out().consume(1000);
  server.session().on_written(1000, server.bench.clock.now());
  CHECK(left(server) == 60s);
  server.bench.clock.advance(60s);
  server.session().on_deadline(server.bench.clock.now());
  (void)server.session().produce(server.out(), 65536, server.bench.clock.now());
  CHECK(server.finished());
  CHECK(server.interest().broken);
  CHECK(server.session().deadline() == kNever);
  REQUIRE(server.log().size() == 1);
  CHECK(server.log()[0].aborted == AbortReason::timeout);
  CHECK(server.log()[0].body_bytes > 0);
  CHECK(server.log()[0].body_bytes < 1000);
}

TEST_CASE("H1-17: so is one that is written to its end and not taken") {
  H1Server server;
  server.receive(kGet + kGet);
  (void)server.session().produce(server.out(), 65536, server.bench.clock.now());
  CHECK(left(server) == 60s);
  server.bench.clock.advance(60s);
  server.session().on_deadline(server.bench.clock.now());
  CHECK(server.finished());
  CHECK(server.interest().broken);
  server.close();
  REQUIRE(server.log().size() == 2);
  CHECK(server.log()[0].aborted == AbortReason::timeout);
  CHECK(server.log()[1].aborted == AbortReason::timeout);
}
