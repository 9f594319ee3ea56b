// The client session against scripted bytes.
#include "base/text.h"
#include "proto/h1/client_session.h"
#include "support/body_text.h"
#include "support/session_pair.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

Request request_for(Method method, std::string target = "/x?y") {
  return make_request(std::move(target), method);
}

struct Client {
  Bench bench{"http/1.1"};
  OutputQueue out{bench.pool};
  RecordingReceiver receiver;
  std::unique_ptr<ClientByteSession> session =
      h1::make_client_session(bench.call_services, bench.host);
  CallHandle stream;

  bool start(Method method, std::unique_ptr<BodySource> body = nullptr) {
    return start(request_for(method), std::move(body));
  }
  bool start(const Request& request, std::unique_ptr<BodySource> body = nullptr) {
    receiver = {};
    auto started = session->start(request, std::move(body), receiver, {});
    if (started) stream = std::move(*started);
    return started.has_value();
  }
  // Of what it has to send now, all but the last `held` bytes, which stay in the queue.
  std::string take(std::size_t held = 0) {
    std::string text;
    (void)session->produce(out, 256U << 10U, bench.clock.now());
    while (out.size() > held) text += text_of(out.take(out.size() - held).bytes());
    session->on_written(text.size(), bench.clock.now());
    return text;
  }
  // Begins a request without a body and sends it.
  void ask(Method method = Method::get) {
    REQUIRE(start(method));
    (void)take();
  }
  Status receive(std::string_view text) {
    return session->receive(bytes_of(text), bench.clock.now());
  }
  bool finished() { return session->interest().finished; }
};

}  // namespace

TEST_CASE("client: a request is written and its response read, twice on a connection") {
  Client client;
  Request request = request_for(Method::get);
  request.headers.add("x-a", "b");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(client.start(request));
    CHECK(client.take() == "GET /x?y HTTP/1.1\r\nhost: localhost\r\nx-a: b\r\n\r\n");
    CHECK(client.session->full());
    CHECK_FALSE(client.session->start(request, nullptr, client.receiver, {}));
    CHECK(
        client.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: x\r\nX: y\r\n\r\nhel"));
    CHECK(client.receiver.status() == 200);
    CHECK(client.receiver.head->headers.get("x") == "y");
    CHECK(client.receiver.head->headers.get("content-length") == "5");
    CHECK_FALSE(client.receiver.head->headers.has("keep-alive"));
    CHECK(client.stream->body().remaining() == 5);
    CHECK_FALSE(client.stream->finished());
    CHECK(client.receive("lo"));
    CHECK(client.stream->finished());
    CHECK(whole_text(client.stream->body()) == "hello");
    CHECK_FALSE(client.session->draining());
  }
  client.stream.reset();
  CHECK_FALSE(client.finished());
}

TEST_CASE("client: request bodies go out by length or in chunks") {
  Client client;
  BodyProbe probe;
  REQUIRE(client.start(Method::post, body_of(client.bench.pool, "hello")));
  CHECK(client.take() == "POST /x?y HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello");
  CHECK(client.receive("HTTP/1.1 204 No Content\r\n\r\n"));
  REQUIRE(client.start(Method::post));
  CHECK(client.take().contains("\r\ncontent-length: 0\r\n"));
  CHECK(client.receive("HTTP/1.1 204 No Content\r\n\r\n"));
  HeaderMap trailers;
  trailers.add("x-t", "1");
  std::vector<BodyStep> steps{BodyStep::data("ab"), BodyStep::blocked(), BodyStep::data("c")};
  REQUIRE(client.start(Method::put,
                       scripted(client.bench.pool, steps, &probe, std::nullopt, trailers)));
  CHECK(client.take().ends_with("\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"));
  CHECK(client.take() == "");
  probe.release();
  CHECK(client.take() == "1\r\nc\r\n0\r\nx-t: 1\r\n\r\n");
}

TEST_CASE("R13, R15, R24, R26: the head of a request has our version, one Host and one framing") {
  Client client;
  Request request = request_for(Method::post);
  request.version = HttpVersion::http10;  // as it came to a proxy
  request.authority = "a.example";
  request.content_length = 7;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"host", "b.example"},
                                                                  {"content-length", "7"},
                                                                  {"transfer-encoding", "chunked"},
                                                                  {"connection", "close"},
                                                                  {"keep-alive", "timeout=5"},
                                                                  {"proxy-connection", "close"},
                                                                  {"upgrade", "h2c"},
                                                                  {"cookie", "a=1"},
                                                                  {"cookie", "b=2"},
                                                                  {"x-a", "b"}}) {
    request.headers.add(name, value);
  }
  const std::string head =
      "POST /x?y HTTP/1.1\r\nhost: a.example\r\nx-a: b\r\ncookie: a=1; b=2\r\n";
  SECTION("of a known length") {
    REQUIRE(client.start(request, body_of(client.bench.pool, "content")));
    CHECK(client.take() == head + "content-length: 7\r\n\r\ncontent");
  }
  SECTION("of an unknown one") {
    request.content_length.reset();
    REQUIRE(client.start(request, scripted(client.bench.pool, {BodyStep::data("content")})));
    CHECK(client.take() == head + "transfer-encoding: chunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n");
  }
}

TEST_CASE("R3: TE is one line that Connection names, and only for trailers") {
  const auto sent = [](std::initializer_list<const char*> values) {
    Client client;
    Request request = request_for(Method::get, "/");
    for (const char* value : values) request.headers.add("te", value);
    REQUIRE(client.start(request));
    return client.take();
  };
  const std::string head = "GET / HTTP/1.1\r\nhost: localhost\r\n";
  CHECK(sent({"trailers"}) == head + "te: trailers\r\nconnection: te\r\n\r\n");
  CHECK(sent({"gzip", "Trailers"}) == head + "te: trailers\r\nconnection: te\r\n\r\n");
  CHECK(sent({"gzip"}) == head + "\r\n");
  CHECK(sent({"trailers, gzip"}) == head + "\r\n");
}

TEST_CASE("client: a request body that breaks its word ends the connection") {
  for (const std::size_t length : {2U, 4U}) {
    Client client;
    std::vector<BodyStep> steps{BodyStep::data("abc")};
    REQUIRE(client.start(Method::post, scripted(client.bench.pool, steps, nullptr, length)));
    (void)client.take();
    CHECK(client.finished());
    CHECK(client.receiver.failed == AbortReason::handler_failed);
    CHECK(client.receiver.calls == 1);
  }
}

TEST_CASE("client: bodies of responses end by length, by chunks, or with the connection") {
  Client client;
  client.ask();
  CHECK(client.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n"));
  CHECK_FALSE(client.stream->finished());
  CHECK(client.receive("X-T: 1\r\n\r\n"));
  CHECK(whole_text(client.stream->body()) == "abc");
  CHECK(client.stream->body().trailers()->get("x-t") == "1");
  client.ask();
  CHECK(client.receive("HTTP/1.1 200 OK\r\n\r\nabc"));
  CHECK(client.session->draining());
  CHECK(client.receive("def"));
  CHECK_FALSE(client.stream->finished());
  client.session->receive_end(client.bench.clock.now());
  (void)client.take();
  CHECK(client.stream->finished());
  CHECK(whole_text(client.stream->body()) == "abcdef");
  CHECK(client.finished());
  CHECK_FALSE(client.receiver.failed);
}

TEST_CASE("R1: a trailer that the response names in Connection does not reach the user") {
  Client client;
  client.ask();
  CHECK(
      client.receive("HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "0\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n"));
  CHECK(client.stream->finished());
  (void)whole_text(client.stream->body());
  CHECK_FALSE(client.stream->body().trailers()->has("x-hop"));
  CHECK(client.stream->body().trailers()->get("x-end") == "2");
}

TEST_CASE("client: HEAD, 204 and 304 have no body") {
  Client client;
  for (const std::string_view answer :
       {"HTTP/1.1 204 N\r\n\r\n", "HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    client.ask();
    CHECK(client.receive(answer));
    CHECK(client.stream->finished());
  }
  client.ask(Method::head);
  CHECK(client.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
  CHECK(client.stream->finished());
  CHECK(client.stream->body().pull(1)->state == PullState::end);
}

TEST_CASE("client: interim responses are reported, and 100 lets the body go") {
  Client client;
  Request request = request_for(Method::post);
  request.expects_continue = true;
  REQUIRE(client.start(request, body_of(client.bench.pool, "hello")));
  CHECK(client.take().ends_with("expect: 100-continue\r\ncontent-length: 5\r\n\r\n"));
  CHECK(client.take() == "");
  CHECK(client.receive("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"));
  REQUIRE(client.receiver.informational.size() == 2);
  CHECK(client.receiver.informational[0].headers.get("link") == "x");
  CHECK(client.take() == "hello");
  CHECK(client.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK(client.stream->finished());
}

TEST_CASE("client: the body does not wait for 100 for ever") {
  Client client;
  Request request = request_for(Method::post);
  request.expects_continue = true;
  REQUIRE(client.start(request, body_of(client.bench.pool, "hello")));
  (void)client.take();
  CHECK(client.session->deadline() == client.bench.clock.now() + 1s);
  client.bench.clock.advance(1s);
  client.session->on_deadline(client.bench.clock.now());
  CHECK(client.take() == "hello");
  CHECK(client.session->deadline() == client.bench.clock.now() + CallTimeouts().first_byte);
}

TEST_CASE("client: a server that is silent for too long fails the call and its connection") {
  Client client;
  client.ask();
  client.bench.clock.set(client.session->deadline());
  client.session->on_deadline(client.bench.clock.now());
  CHECK(client.take() == "");
  CHECK(client.receiver.failed == AbortReason::timeout);
  CHECK_FALSE(client.receiver.failure->replayable);
  CHECK(client.finished());
  CHECK(client.session->interest().broken);
  CHECK(client.session->deadline() == kNever);
}

TEST_CASE("client: content that a final response makes needless is not sent") {
  Client client;
  Request request = request_for(Method::post);
  request.expects_continue = true;
  REQUIRE(client.start(request, body_of(client.bench.pool, "hello")));
  (void)client.take();
  CHECK(client.receive("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\n"));
  CHECK(client.take() == "");
  CHECK_FALSE(client.finished());
  CHECK(client.receive("no"));
  CHECK(client.finished());
  CHECK_FALSE(client.session->interest().broken);
  CHECK(whole_text(client.stream->body()) == "no");
}

TEST_CASE("client: a request may be sent again until all of its head has left") {
  for (const std::size_t held : {1U, 0U}) {
    Client client;
    REQUIRE(client.start(Method::get));
    (void)client.take(held);
    client.session->abort(AbortReason::peer_gone);
    REQUIRE(client.receiver.failure);
    CHECK(client.receiver.failure->replayable == (held == 1));
    client.out.clear();
  }
}

TEST_CASE("client: with bytes of it in the queue a request outlives its response") {
  Client client;
  REQUIRE(client.start(Method::post, body_of(client.bench.pool, "hello")));
  (void)client.take(3);
  CHECK(client.receive("HTTP/1.1 204 N\r\n\r\n"));
  client.stream.reset();
  REQUIRE(client.start(Method::get));
  CHECK(client.take() == "lloGET /x?y HTTP/1.1\r\nhost: localhost\r\n\r\n");
  CHECK(client.receive("HTTP/1.1 204 N\r\n\r\n"));
  CHECK(client.receiver.status() == 204);
}

TEST_CASE("client: a response before the request was sent ends both") {
  Client client;
  BodyProbe probe;
  std::vector<BodyStep> steps{BodyStep::data("ab"), BodyStep::blocked()};
  REQUIRE(client.start(Method::post, scripted(client.bench.pool, steps, &probe)));
  (void)client.take();
  CHECK(client.receive("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  CHECK(client.receiver.status() == 403);
  CHECK(client.stream->finished());
  CHECK(probe.alive == 0);
  CHECK(client.finished());
  CHECK(whole_text(client.stream->body()) == "no");
}

TEST_CASE("client: Connection: close and HTTP/1.0 end it after the response") {
  for (const std::string_view head :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n"}) {
    Client client;
    client.ask();
    CHECK(client.receive(std::string(head) + "Content-Length: 1\r\n\r\n"));
    CHECK(client.session->draining());
    CHECK(client.receive("x"));
    CHECK(client.finished());
    CHECK_FALSE(client.session->start(request_for(Method::get), nullptr, client.receiver, {}));
  }
}

TEST_CASE("R14, R19: what is not a response ends the client's connection") {
  using std::string_literals::operator""s;
  for (const std::string& answer : std::vector<std::string>{
           "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA:\r\n\tc\r\n\r\n",
           "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA\r\n\r\n",
           "HTTP/1.1 200 OK\nA: b\r\n\r\n",
           "HTTP/1.1 200 O\rK\r\n\r\n",
           "HTTP/1.1 200 OK\r\r\n\r\n",
           "HTTP/1.1 200 OK\rA: b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA: b\n\r\n",
           "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n"s,
           "HTTP/1.1 200 O\0K\r\n\r\n"s,
           "HTTP/1.1 200 O\x01K\r\n\r\n",
           "\r\nHTTP/1.1 200 OK\r\n\r\n",
           "\nHTTP/1.1 200 OK\r\n\r\n",
           " HTTP/1.1 200 OK\r\n\r\n",
           "HTTP/1.1 103 E\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
           "HTTP/1.1  200 OK\r\n\r\n",
           "HTTP/1.1 20 OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1 600 OK\r\n\r\n",
           "HTTP/1.10 200 OK\r\n\r\n",
           "http/1.1 200 OK\r\n\r\n",
           "HTTP/2.0 200 OK\r\n\r\n",
           "HTTP/0.9 200 OK\r\n\r\n",
           "ICY 200 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 200 OK\nA: b\n\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"}) {
    INFO(answer);
    for (const std::size_t piece : {answer.size(), std::size_t{1}}) {
      Client client;
      client.ask();
      Status status;
      for (std::size_t at = 0; at < answer.size() && status; at += piece) {
        status = client.receive(answer.substr(at, piece));
      }
      CHECK_FALSE(status);
      CHECK(client.finished());
      CHECK(client.receiver.failed == AbortReason::protocol_error);
      CHECK(client.receiver.calls == 1);
      CHECK(client.stream->finished());
    }
  }
}

TEST_CASE("client: bytes that no request asked for end the connection") {
  Client fresh, after;
  CHECK_FALSE(fresh.receive("HTTP/1.1 200 OK\r\n\r\n"));
  CHECK(fresh.finished());
  after.ask();
  CHECK_FALSE(after.receive("HTTP/1.1 204 N\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));
  CHECK(after.receiver.status() == 204);
  CHECK(after.finished());
}

TEST_CASE("client: a response that is cut short fails its body") {
  Client client;
  client.ask();
  CHECK(client.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"));
  client.session->receive_end(client.bench.clock.now());
  (void)client.take();
  CHECK(client.receiver.failed == AbortReason::peer_gone);
  std::string body;
  CHECK(read_body(client.stream->body(), body) == ReadState::error);
  CHECK(body == "abc");
  CHECK(client.finished());
}

TEST_CASE("client: destroying an unfinished stream closes the connection") {
  Client client;
  client.ask();
  client.stream.reset();
  CHECK(client.receive("HTTP/1.1 200 OK\r\n\r\n"));
  CHECK(client.take() == "");
  CHECK(client.finished());
  CHECK(client.session->interest().broken);
  CHECK(client.receiver.calls == 0);
}

TEST_CASE("client: a response that has come is its user's, whatever happens to the connection") {
  Client client;
  client.ask();
  CHECK(client.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  client.session->abort(AbortReason::peer_gone);
  CHECK_FALSE(client.receiver.failed);
  CHECK(whole_text(client.stream->body()) == "hello");
}

TEST_CASE("client: an unread body holds the connection back") {
  Client client;
  client.ask();
  const std::size_t window = client.bench.limits.call_window, all = window + 4464;
  CHECK(client.receive(formatted("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", all)));
  CHECK(client.receive(pattern(window - 1)));
  CHECK(client.session->interest().wants_read);
  CHECK(client.receive(pattern(1, window - 1)));
  CHECK_FALSE(client.session->interest().wants_read);
  CHECK(client.receive(pattern(4464, window)));
  CHECK_FALSE(client.stream->finished());
  std::string body;
  CHECK(read_body(client.stream->body(), body) == ReadState::blocked);
  (void)client.take();
  CHECK(read_body(client.stream->body(), body) == ReadState::end);
  CHECK(body == pattern(all));
  CHECK(client.session->interest().wants_read);
}

TEST_CASE("client: a request that h1 cannot carry is not begun") {
  Client client;
  Request spaces = request_for(Method::get, "/a b"), host = request_for(Method::get);
  host.authority = "a\r\nx: y";
  CHECK_FALSE(client.start(spaces));
  CHECK_FALSE(client.start(host));
  CHECK_FALSE(client.start(request_for(Method::connect)));
  CHECK(client.start(Method::get));
}

TEST_CASE("client: drain lets the request in hand finish") {
  Client idle, busy;
  idle.session->drain();
  CHECK(idle.finished());
  busy.ask();
  busy.session->drain();
  CHECK_FALSE(busy.finished());
  CHECK(busy.receive("HTTP/1.1 204 N\r\n\r\n"));
  CHECK(busy.finished());
}
