// What is no request is answered once, and nothing that follows it is read: catalogue H1-01…H1-14.
#include <vector>

#include "server.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::string_view kMarker = "GET /marker HTTP/1.1\r\nHost: a\r\n\r\n";

std::string with(std::string_view fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
std::string chunks(std::string_view text) {
  return with("Transfer-Encoding: chunked\r\n") + std::string(text);
}

// All of it at once, then byte by byte: one response with `status`, then the end.
void check_refused(const std::string& bytes, std::uint16_t status) {
  INFO(bytes);
  for (const bool split : {false, true}) {
    H1Server server;
    const std::string input = bytes + std::string(kMarker);
    if (split) {
      for (const char c : input) server.receive({&c, 1});
    } else {
      server.receive(input);
    }
    const H1Response answer = only(server.take());
    CHECK(answer.status == status);
    CHECK(answer.complete);
    CHECK(answer.closes());
    CHECK(server.finished());
    CHECK_FALSE(server.interest().broken);
    REQUIRE(server.log().size() == 1);
    CHECK(server.log()[0].status == status);
    CHECK(server.log()[0].target != "/marker");
    CHECK(server.bench.handler.started == 0);
    server.close();
    CHECK(server.bench.pool.outstanding() == 0);
  }
}

void check_all_refused(const std::vector<std::string>& inputs, std::uint16_t status) {
  for (const std::string& input : inputs) check_refused(input, status);
}

}  // namespace

TEST_CASE("H1-01, R14: a length beside a transfer coding is refused") {
  for (const std::string cl : {"Content-Length: 5\r\n", "content-length: 0\r\n"}) {
    for (const std::string te :
         {"Transfer-Encoding: chunked\r\n", "transfer-encoding: Chunked\r\n"}) {
      check_all_refused({with(cl + te) + "0\r\n\r\n", with(te + cl) + "0\r\n\r\n",
                         with(cl + "X: y\r\n" + te) + "0\r\n\r\n",
                         "POST / HTTP/1.0\r\n" + cl + te + "\r\n0\r\n\r\n",
                         "POST / HTTP/1.0\r\n" + te + cl + "\r\n0\r\n\r\n"},
                        400);
    }
  }
}

TEST_CASE("H1-02, R14: a Content-Length is one plain number") {
  for (const std::string value : {"5, 5", "5,5", "5 5", "5,", ",5", "+5", "-5", "-0", "0x5", "",
                                  "5.0", "5e1", "five", "5;", "\"5\"", "5\x0b", "\f5"}) {
    check_refused(with("Content-Length: " + value + "\r\n") + "hello", 400);
  }
  for (const std::string value : {"9223372036854775808", "18446744073709551615",
                                  "18446744073709551616", "99999999999999999999"}) {
    check_refused(with("Content-Length: " + value + "\r\n") + "hello", 400);
  }
  check_all_refused({with("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello",
                     with("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello",
                     with("Content-Length: 0\r\ncontent-length: 0\r\n")},
                    400);
}

TEST_CASE("H1-03, R14: chunked is the one transfer coding, alone and once") {
  for (const std::string value :
       {"chunked, gzip", "chunked;q=1", "chunked ;q=1", ",chunked", "chunked,", "chunked, chunked",
        "", " ", "\"chunked\"", "chun\x0bked", "chunked\x0c", "ch unked", "@", "chunked\t,"}) {
    check_refused(with("Transfer-Encoding: " + value + "\r\n") + "0\r\n\r\n", 400);
  }
  for (const std::string value : {"xchunked", "identity", "gzip", "gzip, chunked", "chunkedx"}) {
    check_refused(with("Transfer-Encoding: " + value + "\r\n") + "0\r\n\r\n", 501);
  }
  const std::string te = "Transfer-Encoding: chunked\r\n";
  check_all_refused(
      {with(te + te) + "0\r\n\r\n", with("Transfer-Encoding: gzip\r\n" + te) + "0\r\n\r\n",
       with("Transfer-Encoding:\r\n chunked\r\n") + "0\r\n\r\n",
       with("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n"},
      400);
}

TEST_CASE("H1-04, R14: HTTP/1.0 has no transfer codings") {
  check_all_refused({"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     "POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"},
                    400);
}

TEST_CASE("H1-05, H1-06: field lines have the one form that the grammar gives them") {
  using std::string_literals::operator""s;
  check_all_refused({with("A : b\r\n"),       with("A b: c\r\n"),
                     with(" A: b\r\n"),       with("\tA: b\r\n"),
                     with(": b\r\n"),         with(":\r\n"),
                     with("Abc\r\n"),         with("A\x01: b\r\n"),
                     with("A\xe9: b\r\n"),    with("A\0: b\r\n"s),
                     with("A: b\0c\r\n"s),    with("A: b\x01\r\n"),
                     with("A: b\x7f\r\n"),    with("A(: b\r\n"),
                     with("\"A\": b\r\n"),    with("A: b\r\n c\r\n"),
                     with("A: b\r\n\tc\r\n"), with("A:\r\n c\r\n"),
                     with("A: b\r\n \r\n"),   "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
                    400);
}

TEST_CASE("H1-07: a line ends in CR LF and in nothing else") {
  check_all_refused(
      {"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
       "GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\rHost: a\r\r",
       "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
       "GET / HTTP/1.1\r\nHost: a\r\n\rX", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      400);
}

TEST_CASE("H1-08: a chunk size is hexadecimal digits and its lines end in CR LF") {
  for (const std::string line :
       {"0x5\r\n", "+5\r\n", " 5\r\n", "5 \r\n", "5\n", "5\r", "\r\n5\r\n", "5;a=b\n", "5;a\n",
        "5;\n", "5;a=\"b\n\"\r\n", "5;a\rb\r\n", "5,a\r\n"}) {
    check_refused(chunks(line + "hello\r\n0\r\n\r\n"), 400);
  }
  for (const std::string end : {"", "\n", "X\r\n", "\r\r\n"}) {
    check_refused(chunks("5\r\nhello" + end + "0\r\n\r\n"), 400);
  }
  for (const std::string text :
       {"-1\r\n", "5_0\r\n", "g\r\n", "10000000000000000\r\n", "8000000000000000\r\n",
        "FFFFFFFFFFFFFFFF\r\n", "0\n\r\n", "0\r\n\n", "0\r\nA: b\n\r\n", "0\r\nA : b\r\n\r\n",
        "0\r\n: b\r\n\r\n", "0\r\nA: b\r\n c\r\n\r\n"}) {
    check_refused(chunks(text), 400);
  }
}

TEST_CASE("H1-10: a trailer that frames the message is no trailer") {
  check_all_refused(
      {chunks("0\r\nContent-Length: 5\r\n\r\n"), chunks("0\r\nTransfer-Encoding: chunked\r\n\r\n")},
      400);
}

TEST_CASE("H1-11: a request names one host") {
  const auto get = [](std::string_view target, std::string_view fields) {
    return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(fields) + "\r\n";
  };
  check_all_refused(
      {get("/", ""), get("/", "Host: a\r\nHost: a\r\n"), get("/", "Host: a\r\nHost: b\r\n"),
       get("/", "Host: a/b\r\n"), get("/", "Host: u@a\r\n"), get("/", "Host: a,b\r\n"),
       get("/", "Host: a:99999\r\n"), get("/", "Host: a:x\r\n"), get("/", "Host: a b\r\n"),
       get("http://b/", "Host: a b\r\n"), get("http://u@a/", "Host: a\r\n"),
       get("http:///x", "Host: a\r\n"), get("http://a/", ""),
       get("http://a/", "Host: a\r\nHost: a\r\n")},
      400);
}

TEST_CASE("H1-12: a request target has one of its forms") {
  const auto get = [](std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  check_all_refused({get("/a#b"), get("/a b"), get("/a\tb"), get("/\x01"), get("/\x7f"),
                     get("/\xe9"), get("/?\xe9"), get("http://\xc3\xa9/"), get("*"), get("a"),
                     get("a:80"), get("ftp://a/"), get("https://a/"), get(""), get("http://a#x"),
                     get("/%00"), get("/%zz"), get("/../x"), get("mailto:a@b")},
                    400);
  check_all_refused({"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
                     "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
                    400);
  check_all_refused(
      {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"},
      501);
}

TEST_CASE("H1-14: versions that are not 1.x are refused") {
  const auto get = [](std::string_view version) {
    return "GET / " + std::string(version) + "\r\nHost: a\r\n\r\n";
  };
  check_all_refused({get("http/1.1"), get("HTTP/01.1"), get("HTTP/1.10"), get("HTTP/0.9"),
                     get("HTTP/1"), get("HTTP/1,1"), get("HTTP/1.x"), get("HTP/1.1"),
                     get("HTTPS/1.1"), "GET /\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
                    400);
  check_all_refused({get("HTTP/2.0"), get("HTTP/3.0"), get("HTTP/9.9")}, 505);
}

TEST_CASE("H1-14: the preface of HTTP/2 is refused as the second request, too") {
  H1Server server;
  CHECK(only(server.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200);
  const H1Response answer =
      only(server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(kMarker)));
  CHECK(answer.status == 400);
  CHECK(answer.closes());
  CHECK(server.finished());
  CHECK(server.bench.handler.started == 1);
}

TEST_CASE("H1-25: bytes of another protocol are refused") {
  using std::string_literals::operator""s;
  check_all_refused({"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "\0\0\0\0"s, "SSH-2.0-x\r\n",
                     "\xff\xfe", "{\"a\":1}", "G\0T / HTTP/1.1\r\n"s},
                    400);
}

TEST_CASE(
    "H1-26: a method that is no token is refused, and one that is not known with a bad head") {
  check_all_refused({"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
                     "FOO / HTTP/1.1\r\n\r\n"},
                    400);
}
