// What is a request, and that the pieces in which it comes make no difference.
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "server.h"

using namespace troika;
using namespace troika::test;

namespace {

// Everything that a peer or a handler could see of it.
std::string outcome(const std::vector<std::string_view>& pieces) {
  H1Server server;
  int jobs = 0;
  server.bench.handler.answer = echo(jobs);
  for (const std::string_view piece : pieces) server.receive(piece);
  const H1ResponseReader reader(server.take());
  CHECK(reader.error == "");
  std::string seen;
  for (const H1Response& r : reader.responses) {
    seen += formatted("{} {} {} {}\n", r.status, r.complete, r.closes(), r.body);
  }
  for (const Request& r : server.bench.handler.requests) {
    seen += r.method_text + ' ' + r.target.raw + ' ' + r.authority + '\n';
    for (const auto [name, value] : r.headers) seen.append(name).append("=").append(value) += '\n';
  }
  seen += server.finished() ? "finished" : "open";
  server.close();
  CHECK(jobs == 0);
  CHECK(server.bench.pool.outstanding() == 0);
  return seen;
}

}  // namespace

TEST_CASE("H1-26: a method that is a token reaches the handler, which may know it") {
  H1Server server;
  for (const std::string method : {"get", "PROPFIND", "DESCRIBE", "SOURCE", "M-SEARCH"}) {
    CHECK(only(server.send(method + " /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200);
    CHECK(server.bench.handler.requests.back().method_text == method);
    CHECK(server.bench.handler.requests.back().target.raw == "/a%2fb");
  }
}

TEST_CASE("a request is answered and the connection goes on") {
  H1Server server;
  const H1Response first =
      only(server.send("GET /a?b HTTP/1.1\r\nHost: a.test:80\r\nX-Y:  z \r\n\r\n"));
  CHECK(first.status == 200);
  CHECK(first.body == "hello");
  CHECK(first.field("content-length") == "5");
  CHECK(first.field("connection") == "");
  CHECK(first.field("date") != "");
  CHECK(first.field("server") == "troika");
  CHECK(only(server.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200);
  REQUIRE(server.bench.handler.requests.size() == 2);
  const Request& request = server.bench.handler.requests[0];
  CHECK(request.method == Method::get);
  CHECK(request.scheme == "http");
  CHECK(request.authority == "a.test:80");
  CHECK(request.target.raw == "/a?b");
  CHECK(request.headers.get("x-y") == "z");
  CHECK_FALSE(request.has_body);
  REQUIRE(server.log().size() == 2);
  CHECK(server.log()[0].body_bytes == 5);
  CHECK(server.log()[0].aborted == AbortReason::none);
}

TEST_CASE("one empty line before a request is skipped") {
  H1Server server;
  for (int i = 0; i < 2; ++i) {
    CHECK(only(server.send("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200);
  }
}

TEST_CASE("a Content-Length with leading zeros is the number that it is") {
  H1Server server;
  int jobs = 0;
  server.bench.handler.answer = echo(jobs);
  const H1ResponseReader reader(
      server.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 010\r\n\r\n0123456789"
                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n"));
  REQUIRE(reader.responses.size() == 2);
  CHECK(reader.responses[0].body == "0123456789");
  CHECK(reader.responses[1].status == 200);
}

TEST_CASE("the absolute form names authority and path, whatever Host is beside it") {
  struct Row {
    std::string_view method, target, raw, host = "b.test";
  };
  for (const Row row : {Row{"GET", "http://a.test/x?y", "/x?y"}, Row{"GET", "http://a.test", "/"},
                        Row{"GET", "http://a.test?q", "/?q"}, Row{"GET", "HTTP://a.test/", "/"},
                        Row{"OPTIONS", "http://a.test", "*"}, Row{"OPTIONS", "*", "*", "a.test"},
                        Row{"GET", "/x?u=http://b/", "/x?u=http://b/", "a.test"},
                        Row{"GET", "//b/x", "//b/x", "a.test"}}) {
    INFO(row.target);
    H1Server server;
    CHECK(only(server.send(formatted("{} {} HTTP/1.1\r\nHost: {}\r\n\r\n", row.method, row.target,
                                     row.host)))
              .status == 200);
    REQUIRE(server.bench.handler.requests.size() == 1);
    CHECK(server.bench.handler.requests[0].target.raw == row.raw);
    CHECK(server.bench.handler.requests[0].authority == "a.test");
    CHECK(server.log().at(0).authority == "a.test");
  }
}

TEST_CASE("R13: any HTTP/1.x is answered as 1.1, and 1.0 needs no Host") {
  H1Server newer, older;
  CHECK(only(newer.send("GET / HTTP/1.2\r\nHost: a\r\n\r\n")).status == 200);
  CHECK_FALSE(newer.finished());
  const H1Response answer = only(older.send("GET / HTTP/1.0\r\n\r\n"));
  CHECK(answer.status == 200);
  CHECK(answer.closes());
  CHECK(older.finished());
}

TEST_CASE("the scheme is that of the connection") {
  H1Server server;
  server.bench.peer.security.encrypted = true;
  CHECK(only(server.send("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200);
  CHECK(server.bench.handler.requests[0].scheme == "https");
  CHECK(only(server.send("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n")).status == 400);
}

TEST_CASE("H1-07: every split point of a message gives the same outcome") {
  const std::vector<std::string> messages{
      "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \t c d \r\nAccept: */*\r\n\r\n",
      "\r\nPOST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;n=v\r\nhello\r\n00006;q=\"a;b\"\r\n world\r\n0\r\nX-T: 1\r\nHost: b\r\n\r\n"
      "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nX\r\n",
      "GET http://a/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"};
  for (const std::string& message : messages) {
    INFO(message);
    const std::string whole = outcome({message});
    const std::string_view text = message;
    for (std::size_t i = 1; i < text.size(); ++i) {
      INFO(i);
      CHECK(outcome({text.substr(0, i), text.substr(i)}) == whole);
    }
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
    CHECK(outcome(bytes) == whole);
  }
}

TEST_CASE("H1-08: however a body is cut into chunks, it is the same body") {
  SeededRandom random(7);
  for (int round = 0; round < 50; ++round) {
    const std::string body = pattern(random.below(5000));
    std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t n = std::min<std::size_t>(body.size() - at, 1 + random.below(700));
      bytes += formatted("{:x}\r\n{}\r\n", n, body.substr(at, n));
      at += n;
    }
    bytes += "0\r\n\r\n";
    H1Server server;
    int jobs = 0;
    server.bench.handler.answer = echo(jobs);
    std::string sent;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t n = std::min<std::size_t>(bytes.size() - at, 1 + random.below(900));
      sent += server.send(std::string_view(bytes).substr(at, n));
      at += n;
    }
    const H1Response response = only(sent);
    CHECK(response.complete);
    CHECK(response.body == body);
    CHECK_FALSE(server.finished());
  }
}

TEST_CASE("trailers reach the handler, less those that may not stand there") {
  H1Server server;
  int jobs = 0;
  server.bench.handler.answer = echo(jobs);
  const std::string text = server.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
      "0\r\nX-Sum: 1\r\nHost: b\r\nAuthorization: c\r\n\r\n");
  CHECK(text.ends_with("\r\n0\r\nx-sum: 1\r\n\r\n"));
}
