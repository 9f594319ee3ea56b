// Lines of a head: RFC 9112 §2.2, §3 and §5, catalogue H1-05 to H1-07, H1-14, H1-25 and H1-26.
#include "rows.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kRest = " / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string with(const std::string& field_lines) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + field_lines + "\r\n";
}
std::string as_is(const std::string& text) { return text; }

}  // namespace

void h1_lines(H1Rows& rows) {
  rows.family(
      "H1-05 field name with", 400,
      [](const std::string& text) { return with("A" + text + "b: c\r\n"); }, no_tokens());
  rows.family(
      "H1-26 method with", 400,
      [](const std::string& text) { return "G" + text + "T" + std::string(kRest); }, no_tokens());
  rows.family(
      "H1-05 field value with", 400,
      [](const std::string& text) { return with("A: b" + text + "c\r\n"); }, no_values());
  rows.family("H1-05 field line", 400, with,
              {{"space before the colon", "A : b\r\n"},
               {"tab before the colon", "A\t: b\r\n"},
               {"space in the name", "A b: c\r\n"},
               {"tab in the name", "A\tb: c\r\n"},
               {"space before the name", " A: b\r\n"},
               {"tab before the name", "\tA: b\r\n"},
               {"no name", ": b\r\n"},
               {"no name, no value", ":\r\n"},
               {"space for a name", " : b\r\n"},
               {"no colon", "Abc\r\n"},
               {"no colon in the end", "A: b\r\nAbc\r\n"},
               {"a request line", "GET /marker HTTP/1.1\r\n"},
               {"white space alone", "A: b\r\n \r\n"},
               {"a tab alone", "A: b\r\n\t\r\n"}});
  rows.family("H1-06 folded line", 400, with,
              {{"by a space", "A: b\r\n c\r\n"},
               {"by a tab", "A: b\r\n\tc\r\n"},
               {"by several spaces", "A: b\r\n    c\r\n"},
               {"an empty value", "A:\r\n c\r\n"},
               {"twice", "A: b\r\n c\r\n d\r\n"},
               {"with a colon", "A: b\r\n C: d\r\n"}});
  rows.add("H1-06 folded line: the first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
  rows.add("H1-06 folded line: Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", 400);

  rows.family("H1-07 end of a line", 400, as_is,
              {{"LF everywhere", "GET / HTTP/1.1\nHost: a\n\n"},
               {"LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
               {"LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
               {"LF after a field of two", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
               {"LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
               {"CR everywhere", "GET / HTTP/1.1\rHost: a\r\r"},
               {"CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"},
               {"CR after a field", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"},
               {"CR CR LF after the request line", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
               {"CR CR LF after a field", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"},
               {"CR and a byte at the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX"},
               {"LF CR", "GET / HTTP/1.1\n\rHost: a\n\r\n\r"},
               {"LF before", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"CR before", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"a space before", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"a tab before", "\tGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"NUL before", "\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv},
               {"a byte order mark before", "\xef\xbb\xbfGET / HTTP/1.1\r\nHost: a\r\n\r\n"}});
  rows.family("H1-12 request line", 400, as_is,
              {{"two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"a space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
               {"a tab after the version", "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n"},
               {"a tab before the target", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"a tab before the version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"},
               {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"an empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"four parts", "GET / / HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"a word after the version", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n"},
               {"the version alone", "HTTP/1.1\r\nHost: a\r\n\r\n"},
               {"a response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}});

  const auto version = [](const std::string& text) {
    return "GET / " + text + "\r\nHost: a\r\n\r\n";
  };
  rows.family("H1-14 version", 400, version,
              {{"lower case", "http/1.1"},
               {"mixed case", "Http/1.1"},
               {"a zero before", "HTTP/01.1"},
               {"two digits", "HTTP/1.10"},
               {"two digits before", "HTTP/11.1"},
               {"a zero after", "HTTP/1.01"},
               {"0.9", "HTTP/0.9"},
               {"0.0", "HTTP/0.0"},
               {"no minor", "HTTP/1"},
               {"no minor after the point", "HTTP/1."},
               {"no major", "HTTP/.1"},
               {"a comma", "HTTP/1,1"},
               {"a dash", "HTTP/1-1"},
               {"a letter", "HTTP/1.x"},
               {"a plus", "HTTP/+1.1"},
               {"no number", "HTTP/"},
               {"no slash", "HTTP1.1"},
               {"a backslash", "HTTP\\1.1"},
               {"two slashes", "HTTP//1.1"},
               {"a space", "HTTP/ 1.1"},
               {"another protocol", "RTSP/1.0"},
               {"cut short", "HTP/1.1"},
               {"an S", "HTTPS/1.1"},
               {"an X before", "XHTTP/1.1"},
               {"three numbers", "HTTP/1.1.1"},
               {"NUL", "HTTP/1.1\0"sv},
               {"ICY", "ICY/1.1"},
               {"ICE", "ICE/1.0"}});
  rows.family("H1-14 version that is not served here", 505, version,
              {{"2.0", "HTTP/2.0"}, {"2.1", "HTTP/2.1"}, {"3.0", "HTTP/3.0"}, {"9.9", "HTTP/9.9"}});
  rows.add("H1-14 version: none", "GET /\r\n", 400);
  rows.add("H1-14 version: none, after a space", "GET / \r\nHost: a\r\n\r\n", 400);
  rows.add("H1-14 version: none, with fields", "GET /\r\nHost: a\r\n\r\n", 400);
  rows.add("H1-14 the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
  rows.add("H1-14 the preface of HTTP/2, changed", "PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);

  rows.family("H1-25 another protocol", 400, as_is,
              {{"a ClientHello of TLS 1.3", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv},
               {"a ClientHello of SSL 2", "\x80\x2e\x01\x00\x02"sv},
               {"an alert of TLS", "\x15\x03\x03\x00\x02\x02\x28"sv},
               {"zeros", "\0\0\0\0"sv},
               {"ones", "\xff\xff\xff\xff"},
               {"SSH", "SSH-2.0-x\r\n"},
               {"a PROXY header, version 1", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"},
               {"a PROXY header, version 2", "\r\n\r\n\x00\r\nQUIT\n"sv},
               {"an object of JSON", "{\"a\":1}"},
               {"a document of XML", "<?xml version=\"1.0\"?>"},
               {"SMTP", "EHLO a.test\r\n"},
               {"Redis", "*1\r\n$4\r\nPING\r\n"},
               {"Postgres", "\x00\x00\x00\x08\x04\xd2\x16\x2f"sv},
               {"SOCKS 5", "\x05\x01\x00"sv},
               {"a DNS query", "\x00\x1d\xab\xcd\x01\x00\x00\x01"sv},
               {"RDP", "\x03\x00\x00\x13\x0e\xe0"sv},
               {"SMB", "\x00\x00\x00\x54\xff\x53\x4d\x42"sv},
               {"a frame of WebSocket", "\x81\x05hello"sv},
               {"UTF-16", "\xff\xfeG\0E\0T\0"sv}});
  rows.add("H1-26 method that is not known, no Host", "FOO / HTTP/1.1\r\n\r\n", 400);
  rows.add("H1-26 method: 33 bytes", std::string(33, 'A') + std::string(kRest), 400);
  rows.add("H1-26 method: 1 KiB", std::string(1024, 'A') + std::string(kRest), 400);
}

}  // namespace troika::vectors
