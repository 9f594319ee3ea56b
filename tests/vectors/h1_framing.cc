// Where a message ends: RFC 9112 §6, catalogue H1-01 to H1-04.
#include "rows.h"

namespace troika::vectors {
namespace {

using std::string_view_literals::operator""sv;

std::string post(std::string_view fields, std::string_view content = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(content);
}
std::string old(std::string_view fields) {
  return "POST / HTTP/1.0\r\n" + std::string(fields) + "\r\n0\r\n\r\n";
}

}  // namespace

void h1_framing(H1Rows& rows) {
  const auto both = [](const std::string& fields) { return post(fields, "0\r\n\r\n"); };
  rows.family(
      "H1-01 a length beside a coding", 400, both,
      {{"length first", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
       {"coding first", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
       {"lower case", "content-length: 5\r\ntransfer-encoding: chunked\r\n"},
       {"upper case", "CONTENT-LENGTH: 5\r\nTRANSFER-ENCODING: CHUNKED\r\n"},
       {"length of 0", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"},
       {"length of the coded form", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r"},
       {"a field between", "Content-Length: 5\r\nX: y\r\nTransfer-Encoding: chunked\r\n"},
       {"no space", "Content-Length:5\r\nTransfer-Encoding:chunked\r\n"},
       {"spaces", "Content-Length:   5  \r\nTransfer-Encoding:  chunked  \r\n"},
       {"length twice", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
       {"coding twice",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
       {"empty length", "Content-Length:\r\nTransfer-Encoding: chunked\r\n"},
       {"bad length", "Content-Length: x\r\nTransfer-Encoding: chunked\r\n"},
       {"empty coding", "Transfer-Encoding:\r\nContent-Length: 5\r\n"}});
  for (const std::string method : {"GET", "HEAD", "DELETE", "OPTIONS", "PUT", "FOO"}) {
    rows.add("H1-01 a length beside a coding: " + method,
             method +
                 " / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"
                 "\r\n\r\n0\r\n\r\n",
             400);
  }

  const auto length = [](const std::string& value) {
    return post("Content-Length: " + value + "\r\n", "hello");
  };
  rows.family("H1-02 Content-Length", 400, length, bad_lengths());
  rows.family("H1-02 Content-Length twice", 400,
              [](const std::string& fields) { return post(fields, "hello"); },
              {{"equal", "Content-Length: 5\r\nContent-Length: 5\r\n"},
               {"more", "Content-Length: 5\r\nContent-Length: 6\r\n"},
               {"less", "Content-Length: 5\r\nContent-Length: 0\r\n"},
               {"in two cases", "Content-Length: 5\r\ncontent-length: 5\r\n"},
               {"apart", "Content-Length: 5\r\nX: y\r\nContent-Length: 5\r\n"},
               {"with a zero before", "Content-Length: 5\r\nContent-Length: 05\r\n"},
               {"the second empty", "Content-Length: 5\r\nContent-Length:\r\n"},
               {"the first empty", "Content-Length:\r\nContent-Length: 5\r\n"},
               {"three times", "Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 5\r\n"}});
  rows.family("H1-02 Content-Length folded", 400,
              [](const std::string& fields) { return post(fields, "hello"); },
              {{"before", "Content-Length:\r\n 5\r\n"}, {"after", "Content-Length: 5\r\n 0\r\n"}});

  const auto coding = [](const std::string& value) {
    return post("Transfer-Encoding: " + value + "\r\n", "0\r\n\r\n");
  };
  rows.family("H1-03 Transfer-Encoding", 400, coding,
              {{"chunked not last", "chunked, gzip"},
               {"chunked before identity", "chunked, identity"},
               {"a parameter", "chunked;q=1"},
               {"a parameter after space", "chunked ;q=1"},
               {"a semicolon", "chunked;"},
               {"a comma before", ",chunked"},
               {"a comma after", "chunked,"},
               {"twice", "chunked, chunked"},
               {"twice without space", "chunked,chunked"},
               {"empty", ""},
               {"white space", " "},
               {"a comma alone", ","},
               {"quoted", "\"chunked\""},
               {"VT inside", "chun\x0bked"},
               {"VT before",
                "\x0b"
                "chunked"},
               {"VT after", "chunked\x0b"},
               {"FF before",
                "\x0c"
                "chunked"},
               {"FF after", "chunked\x0c"},
               {"NUL after", "chunked\0"sv},
               {"NUL before", "\0chunked"sv},
               {"DEL after", "chunked\x7f"},
               {"space inside", "ch unked"},
               {"a tab and a comma", "chunked\t,"},
               {"an at sign", "@"},
               {"in brackets", "[chunked]"},
               {"in parentheses", "(chunked)"},
               {"an equals sign", "chunked=1"},
               {"a colon", "chunked:"},
               {"a slash", "chunked/1"},
               {"a no-break space",
                "\xc2\xa0"
                "chunked"},
               {"a Kelvin sign for k",
                "chun\xe2\x84\xaa"
                "ed"}});
  rows.family("H1-03 Transfer-Encoding that is not known", 501, coding,
              {{"x before", "xchunked"},
               {"single quotes, which a token may have", "'chunked'"},
               {"x after", "chunkedx"},
               {"identity", "identity"},
               {"gzip", "gzip"},
               {"gzip, then chunked", "gzip, chunked"},
               {"deflate, then chunked", "deflate, chunked"},
               {"identity, then chunked", "identity, chunked"},
               {"br", "br"},
               {"a dash", "chunk-ed"},
               {"trailers", "trailers"},
               {"cut short", "chunke"}});
  rows.family(
      "H1-03 Transfer-Encoding in several lines", 400,
      [](const std::string& fields) { return post(fields, "0\r\n\r\n"); },
      {{"chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
       {"chunked, then gzip", "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"},
       {"gzip, then chunked", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"},
       {"chunked, then identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"},
       {"chunked, then empty", "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"},
       {"folded before", "Transfer-Encoding:\r\n chunked\r\n"},
       {"folded after", "Transfer-Encoding: chunked\r\n , gzip\r\n"},
       {"space before the colon", "Transfer-Encoding : chunked\r\n"},
       {"tab before the colon", "Transfer-Encoding\t: chunked\r\n"},
       {"space before the name", " Transfer-Encoding: chunked\r\n"},
       {"VT before the colon", "Transfer-Encoding\x0b: chunked\r\n"},
       {"NUL before the colon", "Transfer-Encoding\0: chunked\r\n"sv},
       {"in a bare line", "X: y\nTransfer-Encoding: chunked\r\n"},
       {"behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\n"}});
  rows.family("H1-04 HTTP/1.0 with a coding", 400, old,
              {{"chunked", "Transfer-Encoding: chunked\r\n"},
               {"gzip", "Transfer-Encoding: gzip\r\n"},
               {"identity", "Transfer-Encoding: identity\r\n"},
               {"empty", "Transfer-Encoding:\r\n"},
               {"length first", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
               {"coding first", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
               {"kept alive", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"}});
}

}  // namespace troika::vectors
