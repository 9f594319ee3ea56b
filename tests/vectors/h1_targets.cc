// Request targets: RFC 9112 §3.2, RFC 3986, catalogue H1-12.
#include "rows.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

}  // namespace

void h1_targets(H1Rows& rows) {
  rows.family("H1-12 target", 400, get, bad_targets());
  rows.family("H1-12 target of OPTIONS", 400,
              [](const std::string& target) {
                return "OPTIONS " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
              },
              {{"two stars", "**"}, {"a star and a query", "*?a"}, {"no slash", "a"}});
  rows.add("H1-12 a star with POST", "POST * HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
           400);
  rows.add("H1-12 a star with HEAD", "HEAD * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  rows.add("H1-12 CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501);
  rows.add("H1-12 CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 501);
  rows.add("H1-12 CONNECT in HTTP/1.0", "CONNECT a:80 HTTP/1.0\r\n\r\n", 501);
  rows.put_up("H1-12 two slashes name no host", get("//b/x"), 200);
  rows.put_up("H1-12 UTF-8, as people type it", get("/\xc3\xa9"), 200);
  rows.put_up("H1-12 a URI in the query", get("/?u=http://b/"), 200);
}

}  // namespace troika::vectors
