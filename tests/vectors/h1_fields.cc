// Fields that decide what a request is, and bounds on all of them: RFC 9110 §7.2, §10.1.1, RFC 9112
// §3.2, catalogue H1-11, H1-13, H1-20 and H1-23.
#include "rows.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;

std::string get(std::string_view target, std::string_view fields) {
  return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}
std::string many(std::size_t count) {
  std::string text;
  for (; count > 0; --count) text += "X: y\r\n";
  return text;
}
std::string offer(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + fields +
         "\r\n";
}

}  // namespace

void h1_fields(H1Rows& rows) {
  rows.family(
      "H1-11 Host", 400,
      [](const std::string& value) { return get("/", "Host: " + value + "\r\n"); },
      bad_authorities());
  rows.add("H1-11 Host: none", get("/", ""), 400);
  rows.add("H1-11 Host: twice, equal", get("/", "Host: a\r\nHost: a\r\n"), 400);
  rows.add("H1-11 Host: twice, different", get("/", "Host: a\r\nHost: b\r\n"), 400);
  rows.add("H1-11 Host: twice, in two cases", get("/", "Host: a\r\nHOST: a\r\n"), 400);
  rows.add("H1-11 Host: twice, one empty", get("/", "Host: a\r\nHost:\r\n"), 400);
  rows.add("H1-11 Host: three times", get("/", "Host: a\r\nX: y\r\nHost: a\r\nHost: a\r\n"), 400);
  rows.add("H1-11 Host: none beside the absolute form", get("http://a/", ""), 400);
  rows.add("H1-11 Host: twice beside the absolute form", get("http://a/", "Host: a\r\nHost: a\r\n"),
           400);
  rows.add("H1-11 Host: bad beside the absolute form", get("http://b/", "Host: a b\r\n"), 400);
  rows.add("H1-11 Host: twice in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
  rows.add("H1-11 Host: bad in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400);

  rows.add("H1-13 fields: 101", get("/", "Host: a\r\n" + many(100)), 431);
  rows.add("H1-13 fields: 5,000", get("/", "Host: a\r\n" + many(5'000)), 431);
  rows.add("H1-13 a value of 33 KiB",
           get("/", "Host: a\r\nX: " + std::string(33'792, 'a') + "\r\n"), 431);
  rows.add("H1-13 a name of 33 KiB", get("/", "Host: a\r\n" + std::string(33'792, 'a') + ": b\r\n"),
           431);
  rows.add("H1-13 white space of 33 KiB",
           get("/", "Host: a\r\nX:" + std::string(33'792, ' ') + "\r\n"), 431);
  rows.add("H1-13 Cookie of 33 KiB",
           get("/", "Host: a\r\nCookie: a=" + std::string(33'792, 'a') + "\r\n"), 431);
  rows.add("H1-13 a target of 8 KiB and one", get("/" + std::string(8192, 'a'), "Host: a\r\n"),
           414);
  rows.add("H1-13 a target of 100 KiB", get("/" + std::string(102'400, 'a'), "Host: a\r\n"), 414);
  rows.add("H1-13 a query of 9 KiB", get("/?" + std::string(9216, 'a'), "Host: a\r\n"), 414);
  rows.add("H1-13 a target of 9 KiB in the absolute form",
           get("http://a/" + std::string(9216, 'a'), "Host: a\r\n"), 414);

  rows.family("H1-20 expectation that is not known", 417,
              [](const std::string& value) {
                return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: " + value +
                       "\r\n\r\n";
              },
              {{"a word", "magic"},
               {"another number", "200-ok"},
               {"a number alone", "100"},
               {"a parameter", "100-continue;a=b"},
               {"quoted", "\"100-continue\""},
               {"one more", "100-continue, magic"},
               {"one before", "magic, 100-continue"},
               {"x after", "100-continuex"}});

  rows.family("H1-23 WebSocket", 400, offer,
              {{"with a length",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\nContent-Length: 5\r\n"},
               {"with a coding",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\nTransfer-Encoding: chunked\r\n"}});
  for (const std::string method : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
    rows.put_up("H1-21 content of " + method + " that reads like a request",
                method +
                    " / HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\n"
                    "GET /inside HTTP/1.1\r\nHost: a\r\nX: y\r\n",
                200);
  }
}

}  // namespace troika::vectors
