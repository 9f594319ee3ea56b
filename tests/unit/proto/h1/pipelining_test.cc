
#include "base/text.h"
#include "server.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("H1-19: 10,000 requests at once are answered in order and within bounds") {
  H1Server server;
  server.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    (void)responder.respond({}, body_of(context.services.pool, context.request.target.raw));
    return std::unique_ptr<Job>();
  };
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) bytes += formatted("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i);
  // As a connection does it: no more is read than the session wants.
  std::size_t at = 0;
  std::string sent;
  while (at < bytes.size()) {
    REQUIRE(server.interest().wants_read);
    const std::size_t n = std::min<std::size_t>(bytes.size() - at, 65536);
    server.receive(std::string_view(bytes).substr(at, n));
    at += n;
    CHECK_FALSE(server.interest().wants_read);
    sent += server.take(65536);
  }
  CHECK(server.most_queued < 70'000);
  const H1ResponseReader reader(sent);
  CHECK(reader.error == "");
  REQUIRE(reader.responses.size() == 10'000);
  bool in_order = true;
  for (std::size_t i = 0; i < 10'000; ++i) {
    in_order = in_order && reader.responses[i].body == formatted("/{}", i);
  }
  CHECK(in_order);
  CHECK(server.log().size() == 10'000);
  CHECK_FALSE(server.finished());
  server.close();
  CHECK(server.bench.pool.outstanding() == 0);
}

TEST_CASE("H1-19: one receive() takes whatever it is given") {
  H1Server server;
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) bytes += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(H1ResponseReader(server.send(bytes)).responses.size() == 10'000);
}

TEST_CASE("a request waits for its turn while a response goes on") {
  H1Server server;
  BodyProbe probe;
  server.bench.handler.answer =
      with_steps({BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b")}, &probe);
  const std::string first =
      server.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(first.ends_with("1\r\na\r\n"));
  CHECK(server.bench.handler.started == 1);
  CHECK_FALSE(server.interest().wants_read);
  server.bench.host.take();
  probe.release();
  CHECK(server.bench.host.take());
  CHECK(server.take().starts_with("1\r\nb\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  CHECK(server.bench.handler.started == 2);
}

TEST_CASE("responses that the client does not take keep further requests unread") {
  H1Server server;
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  server.receive(bytes);
  (void)server.session().produce(server.out(), 256U << 10U, server.bench.clock.now());
  CHECK(server.bench.handler.started == 16);
  CHECK(server.log().empty());
  (void)server.session().produce(server.out(), 256U << 10U, server.bench.clock.now());
  CHECK(server.bench.handler.started == 16);
  CHECK(server.interest().has_output);
  server.out().clear();
}

TEST_CASE("without room for output a handler still starts, and nothing is written") {
  H1Server server;
  server.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (void)server.session().produce(server.out(), 0, server.bench.clock.now());
  CHECK(server.bench.handler.started == 1);
  CHECK(server.out().empty());
  CHECK(server.interest().has_output);
  CHECK(H1ResponseReader(server.take()).responses.size() == 1);
  CHECK_FALSE(server.interest().has_output);
}
