
#include "base/text.h"
#include "server.h"

using namespace troika;
using namespace troika::test;

namespace {

std::string post(std::string_view fields, std::string_view version = "1.1") {
  return formatted("POST / HTTP/{}\r\nHost: a\r\n{}\r\n", version, fields);
}
constexpr std::string_view kNext = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

// Answers once it has read the body to its end; the test pumps it.
class ReadAll final : public Job {
 public:
  ReadAll(RequestContext context, Responder& responder, ReadAll*& me)
      : body_(context.body), pool_(context.services.pool), responder_(responder), me_(me) {
    me_ = this;
  }
  ~ReadAll() override { me_ = nullptr; }
  ReadAll(const ReadAll&) = delete;
  ReadAll& operator=(const ReadAll&) = delete;
  void pump() {
    const ReadState state = read_body(body_, text);
    if (state == ReadState::end) (void)responder_.respond({}, body_of(pool_, text));
    failed = state == ReadState::error;
  }
  std::string text;
  bool failed = false;

 private:
  BodySource& body_;
  BufferPool& pool_;
  Responder& responder_;
  ReadAll*& me_;
};

ScriptedHandler::Answer read_all(ReadAll*& job) {
  return [&job](RequestContext context, Responder& responder) {
    return std::make_unique<ReadAll>(context, responder, job);
  };
}

}  // namespace

TEST_CASE("H1-20: 100 Continue is sent once, when the body is asked for") {
  H1Server server;
  ReadAll* job = nullptr;
  server.bench.handler.answer = read_all(job);
  CHECK(server.send(post("Expect: 100-continue\r\nContent-Length: 5\r\n")) == "");
  REQUIRE(job != nullptr);
  job->pump();
  CHECK(server.take() == "HTTP/1.1 100 Continue\r\n\r\n");
  job->pump();
  CHECK(server.take() == "");
  CHECK(server.send("hello") == "");
  job->pump();
  const H1Response response = only(server.take());
  CHECK(response.body == "hello");
  CHECK_FALSE(server.finished());
}

TEST_CASE("H1-20: no 100 when the body is there already, nor for HTTP/1.0, nor without a body") {
  ReadAll* job = nullptr;
  H1Server at_once, older, none;
  at_once.bench.handler.answer = older.bench.handler.answer = read_all(job);
  at_once.receive(post("Expect: 100-continue\r\nContent-Length: 5\r\n") + "hello");
  CHECK(at_once.take() == "");
  job->pump();
  CHECK(at_once.take().starts_with("HTTP/1.1 200 OK\r\n"));
  at_once.close();
  CHECK(older.send(post("Expect: 100-continue\r\nContent-Length: 5\r\n", "1.0")) == "");
  job->pump();
  CHECK(older.take() == "");
  CHECK(none.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
            .starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("H1-20: a final response instead of 100 ends the connection: the body may come or not") {
  H1Server server;
  const H1Response response =
      only(server.send(post("Expect: 100-continue\r\nContent-Length: 31\r\n") + ""));
  CHECK(response.status == 200);
  CHECK(response.closes());
  CHECK(server.finished());
  CHECK(server.send(kNext) == "");
}

TEST_CASE("H1-20: after 100 the content surely comes, so that the connection outlives a refusal") {
  H1Server server;
  Responder* responder = nullptr;
  server.bench.handler.answer = [&](RequestContext context, Responder& its) {
    responder = &its;
    CHECK(context.body.pull(1)->state == PullState::blocked);
    return std::make_unique<CountedJob>(server.bench.handler.started);
  };
  CHECK(server.send(post("Expect: 100-continue\r\nContent-Length: 5\r\n")) ==
        "HTTP/1.1 100 Continue\r\n\r\n");
  (void)responder->respond({}, nullptr);
  CHECK_FALSE(only(server.take()).closes());
  server.bench.handler.answer = {};
  CHECK(only(server.send("hello" + std::string(kNext))).status == 200);
}

TEST_CASE("H1-21: a body on any method is framed, never read as a request") {
  for (const std::string method : {"GET", "HEAD", "DELETE", "OPTIONS", "POST"}) {
    H1Server server;
    const std::string head = formatted("{} / HTTP/1.1\r\nHost: a\r\n", method);
    const std::string smuggled(kNext);
    const std::string text = server.send(
        head + formatted("Content-Length: {}\r\n\r\n", smuggled.size()) + smuggled + head +
        formatted("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", smuggled.size()) + smuggled +
        "\r\n0\r\n\r\n");
    const H1ResponseReader reader(
        text, method == "HEAD" ? std::vector<bool>{true, true} : std::vector<bool>{});
    CHECK(reader.error == "");
    CHECK(reader.responses.size() == 2);
    CHECK(server.bench.handler.started == 2);
    CHECK_FALSE(server.finished());
  }
}

TEST_CASE("a body that is not wanted is discarded and the next request is answered") {
  H1Server server;
  CHECK(H1ResponseReader(server.send(post("Content-Length: 10\r\n") + "01234")).responses.size() ==
        1);
  CHECK(server.send("567") == "");
  CHECK(H1ResponseReader(server.send("89" + std::string(kNext))).responses.size() == 1);
  CHECK(server.bench.handler.requests.back().target.raw == "/next");
}

TEST_CASE("no more is taken than the body's reader has room for") {
  H1Server server;
  ReadAll* job = nullptr;
  server.bench.handler.answer = read_all(job);
  const std::string body = pattern(200'000);
  CHECK(server.send(post(formatted("Content-Length: {}\r\n", body.size()))) == "");
  std::size_t at = 0;
  int reads = 0;
  for (; server.interest().wants_read && at < body.size(); ++reads) {
    server.receive(std::string_view(body).substr(at, 10'000));
    at += 10'000;
    CHECK(server.take() == "");
  }
  CHECK(reads == 7);  // 65,536 bytes in the window, the rest of the seventh read beside it
  while (at < body.size()) {
    job->pump();
    (void)server.take();
    REQUIRE(server.interest().wants_read);
    server.receive(std::string_view(body).substr(at, 10'000));
    at += 10'000;
  }
  job->pump();
  const H1Response response = only(server.take());
  CHECK(response.body == body);
  CHECK(server.log().size() == 1);
}

TEST_CASE("R1: a trailer that the head names in Connection does not reach the handler") {
  H1Server server;
  std::vector<std::string> names;
  server.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    std::string body;
    CHECK(read_body(context.body, body) == ReadState::end);
    for (const auto field : *context.body.trailers()) names.emplace_back(field.name);
    (void)responder.respond({}, nullptr);
    return nullptr;
  };
  for (const std::string_view connection : {"Connection: X-Hop\r\n", ""}) {
    names.clear();
    (void)server.send(post(std::string(connection) + "Transfer-Encoding: chunked\r\n") +
                      "0\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n");
    CHECK(names.size() == (connection.empty() ? 2 : 1));
    CHECK(names.back() == "x-end");
  }
}

TEST_CASE("invalid chunks are 400 while there is no response") {
  H1Server server;
  ReadAll* job = nullptr;
  server.bench.handler.answer = read_all(job);
  CHECK(server.send(post("Transfer-Encoding: chunked\r\n") + "5\r\nhel") == "");
  REQUIRE(job != nullptr);
  const H1Response response = only(server.send("loX" + std::string(kNext)));
  CHECK(response.status == 400);
  CHECK(response.closes());
  CHECK(server.finished());
  CHECK(job == nullptr);
  CHECK(server.log().size() == 1);
}

TEST_CASE("invalid chunks cut the response that depends on them") {
  H1Server server;
  int jobs = 0;
  server.bench.handler.answer = echo(jobs);
  const std::string begun = server.send(post("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n");
  CHECK(begun.ends_with("\r\n\r\n5\r\nhello\r\n"));
  CHECK(server.send("X") == "");
  CHECK(server.finished());
  CHECK(server.interest().broken);
  CHECK(jobs == 0);
  REQUIRE(server.log().size() == 1);
  CHECK(server.log()[0].aborted == AbortReason::protocol_error);
  CHECK(server.log()[0].body_bytes == 5);
}

TEST_CASE("invalid chunks do not affect a response that does not depend on them") {
  H1Server server;
  BodyProbe probe;
  server.bench.handler.answer = with_steps({BodyStep::blocked(), BodyStep::data("x")}, &probe);
  std::string text = server.send(post("Transfer-Encoding: chunked\r\n"));
  text += server.send("X");
  CHECK_FALSE(server.finished());
  probe.release();
  text += server.take();
  const H1Response response = only(text);
  CHECK(response.complete);
  CHECK(server.finished());
  CHECK_FALSE(server.interest().broken);
}

TEST_CASE("a handler that responds before the body has come keeps the connection if it is short") {
  H1Server server;
  server.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    (void)responder.respond({}, body_of(context.services.pool, "early"));
    return std::make_unique<CountedJob>(server.bench.handler.started);
  };
  CHECK(H1ResponseReader(server.send(post("Content-Length: 5\r\n"))).responses.size() == 1);
  CHECK_FALSE(server.finished());
  CHECK(H1ResponseReader(server.send("hello" + std::string(kNext))).responses.size() == 1);
}

TEST_CASE("h1: a client that sends its whole refused body before it reads is read to the end") {
  Bench bench("http/1.1");
  bench.handler.answer = with_pattern(5U << 20U);
  const auto session = h1::make_session(bench.services, bench.peer, bench.host);
  OutputQueue out(bench.pool);
  const auto receive = [&](std::string_view text) {
    CHECK(session->receive(bytes_of(text), bench.clock.now()));
    CHECK(session->produce(out, 16384, bench.clock.now()));  // and nothing of it is taken
  };
  receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
  const std::string part(50000, 'x');
  for (int sent = 0; sent < 10000000; sent += 50000) {
    REQUIRE(session->interest().wants_read);
    receive(part);
  }
  CHECK_FALSE(session->interest().finished);  // the response is still to come
  session->abort(AbortReason::peer_gone);
  out.clear();
}
