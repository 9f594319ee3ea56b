// Every bound that a client can drive an h1 session to, at n and at n + 1.

#include "base/text.h"
#include "server.h"

using namespace troika;
using namespace troika::test;

namespace {

std::uint16_t status_of(std::string_view bytes) {
  H1Server server;
  return only(server.send(bytes)).status;
}

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("a request at its limits is served, one byte or field above them refused") {
  const auto fields = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "X: y\r\n";
    return text;
  };
  const auto method = [](std::size_t size) {
    return std::string(size, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  const auto target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  const auto value = [](std::size_t size) { return get("X: " + std::string(size, 'a') + "\r\n"); };
  const auto spaces = [](std::size_t size) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX:" + std::string(size, ' ') + "\r\n\r\n";
  };
  const auto trailers = [](std::string_view text) {
    return std::string(kChunked) + "0\r\n" + std::string(text) + "\r\n";
  };
  const auto trailer = [&](std::size_t size) {
    return trailers("X: " + std::string(size, 'a') + "\r\n");
  };
  // One chunk of 5 bytes, then the end: 3 + 2 + 3 + 2 bytes of framing and the extension.
  const auto extension = [](std::size_t size) {
    return std::string(kChunked) + "5;" + std::string(size, 'a') + "\r\nhello\r\n0\r\n\r\n";
  };
  const std::size_t list = 32768 - (4 + 1 + 32) - (1 + 32);
  const std::size_t head =
      32768 - (spaces(0).size() - std::string_view("GET / HTTP/1.1\r\n").size());
  const std::size_t before_data = 16384 - 4;  // nothing has arrived to weigh it against
  struct Row {
    std::string_view what;
    std::string most;
    std::uint16_t status;
    std::string more;
    std::uint16_t refused;
    std::string at_once = {};  // refused although it is not complete
  };
  for (const Row& row : {
           Row{"H1-26: 32 bytes of method", method(32), 200, method(33), 400, std::string(33, 'A')},
           Row{"H1-13: 8 KiB of target", target(8192), 200, target(8193), 414,
               "GET /" + std::string(8192, 'a')},
           Row{"H1-13: 32 KiB of header list", value(list), 200, value(list + 1), 431},
           Row{"H1-13: 100 fields", get(fields(99)), 200, get(fields(100)), 431},
           Row{"a head of white space", spaces(head), 200, spaces(head + 1), 431,
               "GET / HTTP/1.1\r\nHost: a\r\nX:" + std::string(40000, ' ')},
           Row{"H1-10: 8 KiB of trailers", trailer(8192 - 33), 200, trailer(8192 - 32), 431,
               std::string(kChunked) + "0\r\nX: " + std::string(9000, 'a')},
           Row{"H1-10: 32 trailers", trailers(fields(32)), 200, trailers(fields(33)), 431},
           Row{"H1-09: chunk framing of 16 KiB beyond twice the body", extension(before_data), 200,
               extension(before_data + 1), 400,
               std::string(kChunked) + "5;" + std::string(20000, 'a')},
       }) {
    INFO(row.what);
    CHECK(status_of(row.most) == row.status);
    CHECK(status_of(row.more) == row.refused);
    if (!row.at_once.empty()) CHECK(status_of(row.at_once) == row.refused);
  }
}

TEST_CASE("H1-09: an extension at every chunk, and chunks of one byte") {
  std::string extensions(kChunked);
  for (int i = 0; i < 100; ++i) {
    extensions += "64;" + std::string(1024, 'e') + "\r\n" + std::string(100, 'x') + "\r\n";
  }
  CHECK(status_of(extensions + "0\r\n\r\n") == 400);
  // Five bytes of framing for each byte of the body.
  std::string ones(kChunked);
  for (int i = 0; i < 100'000; ++i) ones += "1\r\nx\r\n";
  H1Server server;
  CHECK(only(server.send(ones + "0\r\n\r\n")).status == 400);
  CHECK(server.finished());
}

TEST_CASE("H1-21: an unread body is discarded up to the limit, by length and in chunks") {
  const std::size_t most = Limits{}.discarded_body;
  for (const bool chunked : {false, true}) {
    for (const std::size_t over : {0U, 1U}) {
      CAPTURE(chunked, over);
      const std::string body(most, 'x'), more(over, 'x');
      H1Server server;
      const H1Response first = only(server.send(
          chunked ? std::string(kChunked)
                  : formatted("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
                              most + over)));
      CHECK(first.closes() == (over == 1 && !chunked));  // in chunks it might be short
      const std::string rest = chunked ? formatted("{:x}\r\n{}\r\n{}0\r\n\r\n", most, body,
                                                   over == 0 ? "" : "1\r\nx\r\n")
                                       : body + more;
      CHECK(server.send(rest + kGet).empty() == (over == 1));
      CHECK(server.finished() == (over == 1));
    }
  }
}
