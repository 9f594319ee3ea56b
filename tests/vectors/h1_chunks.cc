// Chunks, their extensions and trailers: RFC 9112 §7.1, catalogue H1-07 to H1-10.
#include "rows.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;

std::string chunked(const std::string& text) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + text;
}
std::string repeated(std::size_t times, std::string_view text) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

}  // namespace

void h1_chunks(H1Rows& rows) {
  const auto line = [](const std::string& text) { return chunked(text + "hello\r\n0\r\n\r\n"); };
  rows.family("H1-08 chunk size", 400, line,
              {{"hexadecimal prefix", "0x5\r\n"},
               {"capital prefix", "0X5\r\n"},
               {"plus", "+5\r\n"},
               {"minus", "-5\r\n"},
               {"space before", " 5\r\n"},
               {"space after", "5 \r\n"},
               {"tab before", "\t5\r\n"},
               {"tab after", "5\t\r\n"},
               {"VT after", "5\x0b\r\n"},
               {"FF after", "5\x0c\r\n"},
               {"NUL after", "5\0\r\n"sv},
               {"NUL before", "\0005\r\n"sv},
               {"an underscore", "5_0\r\n"},
               {"a letter beyond f", "g\r\n"},
               {"an h after", "5h\r\n"},
               {"a point", "5.0\r\n"},
               {"a comma", "5,5\r\n"},
               {"a colon", "5:\r\n"},
               {"quoted", "\"5\"\r\n"},
               {"empty", "\r\n"},
               {"an empty line before", "\r\n5\r\n"},
               {"a full-width digit", "\xef\xbc\x95\r\n"},
               {"a byte above 0x7f", "5\xff\r\n"},
               {"an equals sign", "5=a\r\n"},
               {"2^63", "8000000000000000\r\n"},
               {"2^64 - 1", "FFFFFFFFFFFFFFFF\r\n"},
               {"2^64", "10000000000000000\r\n"},
               {"2^64 + 5", "10000000000000005\r\n"},
               {"2^128", "100000000000000000000000000000000\r\n"}});
  rows.family("H1-07 the end of a chunk size", 400, line,
              {{"bare LF", "5\n"},
               {"bare CR", "5\r"},
               {"LF CR", "5\n\r"},
               {"CR CR LF", "5\r\r\n"},
               {"LF LF", "5\n\n"},
               {"none", "5"},
               {"bare LF after an extension", "5;a=b\n"},
               {"bare LF after a name", "5;a\n"},
               {"bare LF after a semicolon", "5;\n"},
               {"bare LF in quotes", "5;a=\"b\n\"\r\n"},
               {"bare CR after an extension", "5;a=b\r"},
               {"bare CR in an extension", "5;a\rb\r\n"},
               {"CR CR LF after an extension", "5;a=b\r\r\n"}});
  rows.family("H1-09 chunk extension", 400, line,
              {{"NUL", "5;a=\0\r\n"sv},
               {"BEL", "5;a=\x07\r\n"},
               {"VT", "5;a=\x0b\r\n"},
               {"DEL", "5;a=\x7f\r\n"},
               {"NUL in quotes", "5;a=\"\0\"\r\n"sv}});
  rows.family("H1-08 the end of a chunk", 400,
              [](const std::string& end) { return chunked("5\r\nhello" + end + "0\r\n\r\n"); },
              {{"none", ""},
               {"bare LF", "\n"},
               {"bare CR", "\r"},
               {"LF CR", "\n\r"},
               {"CR CR LF", "\r\r\n"},
               {"a byte more", "X\r\n"},
               {"a space", " \r\n"},
               {"NUL", "\0\r\n"sv},
               {"an empty line", "\r\n\r\n"}});
  rows.add("H1-08 the end of a chunk: spilled by a request",
           chunked("5\r\nhelloGET /marker HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  rows.family("H1-08 the last chunk", 400, [](const std::string& text) { return chunked(text); },
              {{"bare LF", "0\n\r\n"},
               {"bare LF in the end", "0\r\n\n"},
               {"bare LF twice", "0\n\n"},
               {"bare CR", "0\r\r\n"},
               {"space after", "0 \r\n\r\n"},
               {"minus zero", "-0\r\n\r\n"},
               {"with a prefix", "0x0\r\n\r\n"},
               {"an h after", "0h\r\n\r\n"},
               {"a colon after", "0:\r\n\r\n"}});

  const auto trailer = [](const std::string& text) { return chunked("0\r\n" + text + "\r\n"); };
  rows.family("H1-10 trailer that frames the message", 400, trailer,
              {{"Content-Length", "Content-Length: 5\r\n"},
               {"Content-Length of 0", "content-length: 0\r\n"},
               {"Transfer-Encoding", "Transfer-Encoding: chunked\r\n"},
               {"Transfer-Encoding in lower case", "transfer-encoding: gzip\r\n"},
               {"behind another", "X: y\r\nContent-Length: 5\r\n"}});
  rows.family("H1-10 trailer line", 400, trailer,
              {{"bare LF", "A: b\n"},
               {"bare CR", "A: b\rC: d\r\n"},
               {"space before the colon", "A : b\r\n"},
               {"tab before the colon", "A\t: b\r\n"},
               {"space before the name", " A: b\r\n"},
               {"space in the name", "A b: c\r\n"},
               {"no name", ": b\r\n"},
               {"a colon alone", ":\r\n"},
               {"no colon", "Abc\r\n"},
               {"folded by a space", "A: b\r\n c\r\n"},
               {"folded by a tab", "A: b\r\n\tc\r\n"},
               {"NUL in the name", "A\0: b\r\n"sv},
               {"NUL in the value", "A: \0\r\n"sv},
               {"BEL in the value", "A: \x07\r\n"},
               {"DEL in the value", "A: \x7f\r\n"},
               {"a parenthesis in the name", "A(: b\r\n"},
               {"a quote in the name", "\"A\": b\r\n"},
               {"a byte above 0x7f in the name", "\xe9: b\r\n"},
               {"a request", "GET /marker HTTP/1.1\r\n"}});
  rows.add("H1-10 trailers: 33 of them", trailer(repeated(33, "X: y\r\n")), 431);
  rows.add("H1-10 trailers: a value of 8 KiB", trailer("X: " + std::string(8192, 'a') + "\r\n"),
           431);
  rows.add("H1-10 trailers: a name of 9 KiB", trailer(std::string(9000, 'a') + ": b\r\n"), 431);

  rows.add("H1-09 extensions: 20 KiB in one", line("5;" + std::string(20'000, 'a') + "\r\n"), 400);
  rows.add("H1-09 extensions: 1 KiB in each",
           chunked(repeated(40, "64;" + std::string(1024, 'e') + "\r\n" + std::string(100, 'x') +
                                    "\r\n") +
                   "0\r\n\r\n"),
           400);
  rows.add("H1-09 chunks: a byte in each", chunked(repeated(20'000, "1\r\nx\r\n") + "0\r\n\r\n"),
           400);
  rows.add("H1-09 zeros before a size: 20 KiB", line(std::string(20'000, '0') + "5\r\n"), 400);

  rows.put_up("H1-09 chunk extension: a few bytes", line("5;a=b;c=\"d\"\r\n"), 200);
  for (const std::string_view field :
       {"Host: b", "Authorization: c", "Content-Type: text/html", "Content-Encoding: gzip",
        "Cookie: a=b", "Connection: close", "Expect: 100-continue", "Range: bytes=0-1",
        "If-Match: *", "TE: gzip", "Upgrade: h2c", "Max-Forwards: 0", "Cache-Control: no-cache"}) {
    rows.put_up("H1-10 trailer that may not stand there: " + std::string(field),
                trailer(std::string(field) + "\r\n"), 200);
  }
}

}  // namespace troika::vectors
