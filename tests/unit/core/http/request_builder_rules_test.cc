// What is a request and what is not: rows by hand from RFC 9110, 9112, 9113 and 9114. The whole
// grammar of targets, authorities, tokens and values is in target_test, validate_test and
// small_test.
#include <catch2/catch_test_macros.hpp>

#include "request_lines.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Row {
  unsigned mask;
  std::string what;
  std::uint16_t status;
  Lines extra;
  bool body = false;
  std::string without{};
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const HttpVersion version : versions(row.mask)) {
      CAPTURE(row.what, name_of(version));
      CHECK(build(version, row.extra, {.body = row.body, .without = row.without}).status ==
            row.status);
    }
  }
}

}  // namespace

TEST_CASE("methods: tokens that are known, and the right answer to all others") {
  check({
      {All, "GET", 200, {{":method", "GET"}}},
      {All, "HEAD", 200, {{":method", "HEAD"}}},
      {All, "POST", 200, {{":method", "POST"}}},
      {All, "PUT", 200, {{":method", "PUT"}}},
      {All, "DELETE", 200, {{":method", "DELETE"}}},
      {All, "OPTIONS", 200, {{":method", "OPTIONS"}}},
      {All, "PATCH", 200, {{":method", "PATCH"}}},
      {All, "TRACE is for the handler", 200, {{":method", "TRACE"}}},
      {All, "lower case is another method", 200, {{":method", "get"}}},
      {All, "unknown is for the handler", 200, {{":method", "BREW"}}},
      {All, "empty", 400, {{":method", ""}}},
      {All, "not a token", 400, {{":method", "GET/"}}},
      {All, "32 bytes", 200, {{":method", std::string(32, 'A')}}},
      {All, "33 bytes", 400, {{":method", std::string(33, 'A')}}},
      {All, "missing", 400, {}, false, ":method"},
      {H23, "twice", 400, {{":method", "GET"}, {":method", "GET"}}},
      {H1x, "CONNECT", 501, {{":method", "CONNECT"}, {":path", "example.com:443"}}},
      {H23, "CONNECT", 501, {{":method", "CONNECT"}}, false, ":path"},
      {H23,
       "R36: extended CONNECT",
       200,
       {{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/chat"}},
       true},
      {H23,
       "R37: extended CONNECT for another protocol",
       501,
       {{":method", "CONNECT"}, {":protocol", "connect-udp"}, {":path", "/chat"}},
       true},
      {H23,
       "extended CONNECT without a path",
       400,
       {{":method", "CONNECT"}, {":protocol", "websocket"}},
       true,
       ":path"},
      {H23,
       "extended CONNECT with content",
       400,
       {{":method", "CONNECT"},
        {":protocol", "websocket"},
        {":path", "/chat"},
        {"content-length", "0"}},
       true},
      {H11, "CONNECT without Host", 400, {{":method", "CONNECT"}, {":path", "a:1"}}, false, "Host"},
      {H23, ":protocol with GET", 400, {{":protocol", "websocket"}}},
      {H23, ":protocol that is no token", 400, {{":method", "CONNECT"}, {":protocol", "a b"}}},
  });
}

TEST_CASE("targets: what parse_target refuses is 400, and * is for OPTIONS") {
  check({
      {All, "path and query", 200, {{":path", "/a/b?c=d"}}},
      {All, "above the root", 400, {{":path", "/../etc/passwd"}}},
      {All, "OPTIONS *", 200, {{":method", "OPTIONS"}, {":path", "*"}}},
      {All, "GET *", 400, {{":path", "*"}}},
      {All, "POST *", 400, {{":method", "POST"}, {":path", "*"}}},
      {All, "authority form without CONNECT", 400, {{":path", "example.com:443"}}},
      {All, "missing", 400, {}, false, ":path"},
      {H23, "twice", 400, {{":path", "/"}, {":path", "/"}}},
  });
}

TEST_CASE("R23: field names and values: tokens, no control bytes, lower case where it must be") {
  check({
      {All, "plain", 200, {{"accept", "*/*"}}},
      {All, "empty value", 200, {{"x-a", ""}}},
      {All, "tab within", 200, {{"x-a", "b\tc"}}},
      {All, "obs-text", 200, {{"x-a", "caf\xc3\xa9 \xff"}}},
      {All, "same name twice", 200, {{"x-a", "1"}, {"x-a", "2"}}},
      {H1x, "upper case", 200, {{"X-A", "b"}}},
      {H23, "upper case", 400, {{"X-A", "b"}}},
      {H23, "one capital", 400, {{"x-aB", "b"}}},
      {All, "empty name", 400, {{"", "b"}}},
      {All, "space in the name", 400, {{"x a", "b"}}},
      {H23, "unknown pseudo field", 400, {{"::x", "b"}}},
      {All, "NUL in the value", 400, {{"x-a", std::string("b\0c", 3)}}},
      {All, "CR LF in the value", 400, {{"x-a", "a\r\nb"}}},
      {H1x, "white space around the value", 200, {{"x-a", " \tb "}}},
      {H23, "space before the value", 400, {{"x-a", " b"}}},
      {H23, "tab after the value", 400, {{"x-a", "b\t"}}},
  });
}

TEST_CASE("R27: fields of one connection have no place in h2 and h3") {
  check({
      {H1x, "connection", 200, {{"Connection", "keep-alive"}}},
      {H23, "connection", 400, {{"connection", "keep-alive"}}},
      {H23, "empty connection", 400, {{"connection", ""}}},
      {H1x, "keep-alive", 200, {{"Keep-Alive", "timeout=5"}}},
      {H23, "keep-alive", 400, {{"keep-alive", "timeout=5"}}},
      {H1x, "proxy-connection", 200, {{"Proxy-Connection", "close"}}},
      {H23, "proxy-connection", 400, {{"proxy-connection", "close"}}},
      {H11, "transfer-encoding", 200, {{"Transfer-Encoding", "chunked"}}, true},
      {H23, "transfer-encoding", 400, {{"transfer-encoding", "chunked"}}, true},
      {H1x, "upgrade", 200, {{"Upgrade", "h2c"}}},
      {H23, "upgrade", 400, {{"upgrade", "h2c"}}},
      {All, "te: trailers", 200, {{"te", "trailers"}}},
      {All, "te: Trailers", 200, {{"te", "Trailers"}}},
      {H1x, "te: gzip", 200, {{"TE", "gzip"}}},
      {H23, "te: gzip", 400, {{"te", "gzip"}}},
      {H23, "te: trailers, gzip", 400, {{"te", "trailers, gzip"}}},
      {H23, "te, empty", 400, {{"te", ""}}},
  });
}

TEST_CASE("R24: Host and :authority: there, one, well-formed, and of one mind") {
  check({
      {H11, "missing", 400, {}, false, "Host"},
      {H10, "missing", 200, {}, false, "Host"},
      {H23, "neither", 400, {}, false, ":authority"},
      {H23, "Host instead", 200, {{"host", "example.com"}}, false, ":authority"},
      {H23, "both, equal", 200, {{"host", "example.com"}}},
      {H23, "both, equal but for case", 200, {{"host", "Example.COM"}}},
      {H23, "both, different", 400, {{"host", "example.org"}}},
      {H23, "both, different ports", 400, {{"host", "example.com:444"}}},
      {All, "twice, different", 400, {{"host", "example.com"}, {"host", "example.org"}}},
      {H1x, "twice, equal", 400, {{"Host", "example.com"}, {"Host", "example.com"}}},
      {H23, "twice, equal", 400, {{"host", "example.com"}, {"host", "example.com"}}},
      {H23, ":authority twice", 400, {{":authority", "a.b"}, {":authority", "a.b"}}},
      {H1x, "empty", 400, {{"Host", ""}}},
      {H23, "empty", 400, {{":authority", ""}}},
      {H1x, "with a path", 400, {{"Host", "a/b"}}},
      {H23, "with a path", 400, {{":authority", "a/b"}}},
      {H1x,
       "absolute form with equal Host",
       200,
       {{":scheme", "https"}, {":authority", "example.com"}}},
      {H1x,
       "absolute form, another Host",
       200,
       {{":scheme", "https"}, {":authority", "example.org"}}},
      {H1x,
       "absolute form, a Host that is none",
       400,
       {{":scheme", "https"}, {":authority", "example.com"}, {"Host", "a/b"}}},
      {H1x,
       "absolute form, Host twice",
       400,
       {{":scheme", "https"}, {":authority", "a.b"}, {"Host", "a.b"}, {"Host", "a.b"}}},
      {H11,
       "absolute form without Host",
       400,
       {{":scheme", "https"}, {":authority", "example.com"}},
       false,
       "Host"},
      {H10,
       "absolute form without Host",
       200,
       {{":scheme", "https"}, {":authority", "example.com"}},
       false,
       "Host"},
  });
}

TEST_CASE("R25: the scheme fits the connection") {
  check({
      {H23, "missing", 400, {}, false, ":scheme"},
      {H23, "http on TLS", 400, {{":scheme", "http"}}},
      {H23, "another", 400, {{":scheme", "ftp"}}},
      {H23, "empty", 400, {{":scheme", ""}}},
      {H23, "twice", 400, {{":scheme", "https"}, {":scheme", "https"}}},
      {H23, "upper case", 200, {{":scheme", "HTTPS"}}},
      {H1x,
       "absolute form with http on TLS",
       400,
       {{":scheme", "http"}, {":authority", "example.com"}}},
      {H1x, "absolute form with ftp", 400, {{":scheme", "ftp"}, {":authority", "example.com"}}},
  });
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    CHECK(build(version, {{":scheme", "http"}}, {.secure = false}).status == 200);
    CHECK(build(version, {{":scheme", "https"}}, {.secure = false}).status == 400);
  }
}

TEST_CASE("R14, R23: Content-Length, one number that fits what follows") {
  const auto length = [](const std::string& value) { return Lines{{"content-length", value}}; };
  check({
      {All, "with a body", 200, length("5"), true},
      {All, "zero with a body", 200, length("0"), true},
      {All, "zero without a body", 200, length("0"), false},
      {All, "not zero without a body", 400, length("5"), false},
      {All, "2^63-1", 200, length("9223372036854775807"), true},
      {All, "2^63", 400, length("9223372036854775808"), true},
      {All, "20 digits", 400, length("99999999999999999999"), true},
      {All, "empty", 400, length(""), true},
      {All, "plus sign", 400, length("+5"), true},
      {All, "minus sign", 400, length("-5"), true},
      {All, "minus zero", 400, length("-0"), true},
      {All, "hexadecimal", 400, length("0x5"), true},
      {All, "leading zero", 200, length("05"), true},
      {All, "leading zeros alone", 200, length("00"), false},
      {All, "leading zeros and digits of no octal", 200, length("0089"), true},
      {All, "leading zero, not zero without a body", 400, length("05"), false},
      {All, "leading zeros and 2^63", 400, length("009223372036854775808"), true},
      {All, "fraction", 400, length("5.0"), true},
      {All, "space within", 400, length("5 5"), true},
      {All, "list of equals", 400, length("5, 5"), true},
      {All, "letters", 400, length("five"), true},
      {All, "twice, equal", 400, {{"content-length", "5"}, {"content-length", "5"}}, true},
      {All, "twice, different", 400, {{"content-length", "5"}, {"content-length", "6"}}, true},
      {All, "zero twice", 400, {{"content-length", "0"}, {"content-length", "0"}}, true},
  });
}

TEST_CASE("Expect: 100-continue or 417") {
  check({
      {All, "100-continue", 200, {{"expect", "100-continue"}}, true},
      {All, "without a body", 200, {{"expect", "100-continue"}}, false},
      {All, "in capitals", 200, {{"expect", "100-Continue"}}, true},
      {All, "unknown", 417, {{"expect", "200-ok"}}, true},
      {All, "empty", 417, {{"expect", ""}}, true},
      {All, "list", 417, {{"expect", "100-continue, x"}}, true},
      {All, "a malformed request is worse", 400, {{"expect", "x"}, {"content-length", "y"}}, true},
  });
}
