
#include "server.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("H1-27, R18: HEAD, 204 and 304 have no body, and the next response follows at once") {
  H1Server head, no_content, not_modified;
  const std::string text = head.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + kGet);
  const H1ResponseReader reader(text, {true});
  CHECK(reader.error == "");
  REQUIRE(reader.responses.size() == 2);
  CHECK(reader.responses[0].field("content-length") == "5");
  CHECK(reader.responses[1].body == "hello");
  no_content.bench.handler.answer = with_head({.status = 204, .headers = {}}, "x");
  not_modified.bench.handler.answer = with_head({.status = 304, .headers = {}}, "x");
  const std::string gets = kGet + kGet;
  for (H1Server* server : {&no_content, &not_modified}) {
    const H1ResponseReader two(server->send(gets));
    CHECK(two.error == "");
    REQUIRE(two.responses.size() == 2);
    CHECK(two.responses[0].field("transfer-encoding") == "");
    CHECK(two.responses[0].field("date") != "");
  }
}

TEST_CASE("a body without a length is chunked, with its trailers") {
  H1Server server;
  HeaderMap trailers;
  trailers.add("x-sum", "7");
  trailers.add("x-bad", "a\r\nb");
  server.bench.handler.answer =
      with_steps({BodyStep::data("ab"), BodyStep::data("c")}, nullptr, std::nullopt, trailers);
  const std::string text = server.send(kGet);
  CHECK(text.contains("\r\ntransfer-encoding: chunked\r\n"));
  CHECK(text.ends_with("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-sum: 7\r\n\r\n"));
  CHECK_FALSE(server.finished());
}

TEST_CASE("for HTTP/1.0 a body without a length ends with the connection") {
  H1Server server;
  server.bench.handler.answer = with_steps({BodyStep::data("ab"), BodyStep::data("c")});
  const std::string text = server.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK_FALSE(text.contains("transfer-encoding"));
  CHECK(text.contains("connection: close\r\n"));
  CHECK(text.ends_with("\r\n\r\nabc"));
  CHECK(server.finished());
  CHECK_FALSE(server.interest().broken);
}

TEST_CASE("R17: a body that fails cuts the response: no last chunk, no clean end") {
  H1Server chunked, length, older;
  chunked.bench.handler.answer = older.bench.handler.answer =
      with_steps({BodyStep::data("ab"), BodyStep::error()});
  length.bench.handler.answer = with_steps({BodyStep::data("ab")}, nullptr, 5);
  const std::string text = chunked.send(kGet + kGet);
  CHECK(text.ends_with("\r\n2\r\nab\r\n"));
  CHECK(length.send(kGet + kGet).ends_with("\r\n\r\nab"));
  CHECK(older.send("GET / HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nab"));
  for (H1Server* server : {&chunked, &length, &older}) {
    CHECK(server->finished());
    CHECK(server->interest().broken);
    REQUIRE(server->log().size() == 1);
    CHECK(server->log()[0].aborted == AbortReason::handler_failed);
  }
}

TEST_CASE("H1-27: a line end cannot enter a response head") {
  H1Server server;
  ResponseHead head;
  head.headers.add("x-good", "1");
  head.headers.add("x-bad", "1\r\nset-cookie: x");
  head.headers.add("x\nbad", "1");
  head.headers.add("connection", "x");
  head.headers.add("transfer-encoding", "gzip");
  server.bench.handler.answer = with_head(std::move(head), "hello");
  const H1Response response = only(server.send(kGet));
  const H1Response& r = response;
  CHECK(r.field("x-good") == "1");
  for (const auto* name : {"x-bad", "bad", "set-cookie", "connection", "transfer-encoding"}) {
    CHECK(r.field(name) == "");
  }
}

TEST_CASE("interim responses come before the final one, and not for HTTP/1.0") {
  H1Server newer, older;
  newer.bench.handler.answer =
      older.bench.handler.answer = [](RequestContext context, Responder& responder) {
        ResponseHead hints;
        hints.status = 103;
        hints.headers.add("link", "</a>");
        (void)responder.inform(hints);
        (void)responder.respond({}, body_of(context.services.pool, "hello"));
        return std::unique_ptr<Job>();
      };
  const H1ResponseReader reader(newer.send(kGet));
  CHECK(reader.error == "");
  REQUIRE(reader.responses.size() == 2);
  CHECK(reader.responses[0].status == 103);
  CHECK(reader.responses[0].field("link") == "</a>");
  CHECK(reader.responses[1].status == 200);
  CHECK(older.send("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a large body is produced up to the high mark and no further") {
  H1Server server;
  server.bench.handler.answer = with_pattern(1'000'000);
  server.receive(kGet);
  const std::size_t high = 100'000;
  (void)server.session().produce(server.out(), high, server.bench.clock.now());
  CHECK(server.out().size() >= high);
  CHECK(server.out().size() < high + 4096 + 200);
  CHECK(server.interest().has_output);
  const H1Response response = only(server.take(high));
  CHECK(response.body == pattern(1'000'000));
  CHECK(server.log().size() == 1);
  CHECK(server.log()[0].body_bytes == 1'000'000);
}

TEST_CASE("body bytes count as sent when they have left, and then only") {
  H1Server server;
  server.receive(kGet);
  (void)server.session().produce(server.out(), 65536, server.bench.clock.now());
  const std::size_t size = server.out().size();
  server.session().on_written(size - 2, server.bench.clock.now());
  CHECK(server.log().empty());
  server.out().clear();
  SECTION("all of them") {
    server.session().on_written(2, server.bench.clock.now());
    REQUIRE(server.log().size() == 1);
    CHECK(server.log()[0].body_bytes == 5);
    CHECK(server.log()[0].aborted == AbortReason::none);
  }
  SECTION("not all of them") {
    server.close();
    REQUIRE(server.log().size() == 1);
    CHECK(server.log()[0].body_bytes == 3);
    CHECK(server.log()[0].aborted == AbortReason::peer_gone);
  }
}
