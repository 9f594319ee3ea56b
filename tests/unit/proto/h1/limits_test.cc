// Every bound that a client can drive an h1 session to, at n and at n + 1.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <string>

#include "support/h1_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

std::uint16_t status_of(H1Server& server, std::string_view bytes) {
  const H1ResponseReader reader(server.send(bytes));
  CHECK(reader.error == "");
  return reader.responses.size() == 1 ? reader.responses[0].status : std::uint16_t{0};
}

std::uint16_t status_of(std::string_view bytes) {
  H1Server server;
  return status_of(server, bytes);
}

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("H1-26: a method has at most 32 bytes") {
  CHECK(status_of(std::string(32, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  CHECK(status_of(std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of(std::string(33, 'A')) == 400);  // at once
}

TEST_CASE("H1-13: a request target has at most 8 KiB") {
  const std::string most = "/" + std::string(8191, 'a');
  CHECK(status_of("GET " + most + " HTTP/1.1\r\nHost: a\r\n\r\n") == 200);
  CHECK(status_of("GET " + most + "a HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
  CHECK(status_of("GET " + most + "a") == 414);
}

TEST_CASE("H1-13: a header list costs at most 32 KiB") {
  const std::size_t left = 32768 - (4 + 1 + 32) - (1 + 32);
  CHECK(status_of(get("X: " + std::string(left, 'a') + "\r\n")) == 200);
  CHECK(status_of(get("X: " + std::string(left + 1, 'a') + "\r\n")) == 431);
}

TEST_CASE("H1-13: a request has at most 100 fields") {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X: y\r\n";
  CHECK(status_of(get(fields)) == 200);
  CHECK(status_of(get(fields + "X: y\r\n")) == 431);
}

TEST_CASE("a head of white space is bounded, too") {
  const auto head = [](std::size_t spaces) {
    return "Host: a\r\nX:" + std::string(spaces, ' ') + "\r\n\r\n";
  };
  const std::size_t fits = 32768 - head(0).size();
  CHECK(status_of("GET / HTTP/1.1\r\n" + head(fits)) == 200);
  CHECK(status_of("GET / HTTP/1.1\r\n" + head(fits + 1)) == 431);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nX:" + std::string(40000, ' ')) == 431);
}

TEST_CASE("H1-10: trailers cost at most 8 KiB") {
  const auto body = [](std::size_t size) {
    return std::string(kChunked) + "0\r\nX: " + std::string(size, 'a') + "\r\n\r\n";
  };
  CHECK(status_of(body(8192 - 33)) == 200);
  CHECK(status_of(body(8192 - 32)) == 431);
  CHECK(status_of(std::string(kChunked) + "0\r\nX: " + std::string(9000, 'a')) == 431);
}

TEST_CASE("H1-10: there are at most 32 trailers") {
  std::string trailers;
  for (int i = 0; i < 32; ++i) trailers += "X: y\r\n";
  CHECK(status_of(std::string(kChunked) + "0\r\n" + trailers + "\r\n") == 200);
  CHECK(status_of(std::string(kChunked) + "0\r\n" + trailers + "X: y\r\n\r\n") == 431);
}

TEST_CASE("H1-09: chunk framing has at most 16 KiB beyond twice the body") {
  // One chunk of 5 bytes, then the end: 3 + 2 + 3 + 2 bytes of framing and the extension.
  const auto body = [](std::size_t extension) {
    return std::string(kChunked) + "5;" + std::string(extension, 'a') + "\r\nhello\r\n0\r\n\r\n";
  };
  const std::size_t before_data = 16384 - 4;  // nothing has arrived to weigh it against
  CHECK(status_of(body(before_data)) == 200);
  CHECK(status_of(body(before_data + 1)) == 400);
  CHECK(status_of(std::string(kChunked) + "5;" + std::string(20000, 'a')) == 400);
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
  CHECK(status_of(server, ones + "0\r\n\r\n") == 400);
  CHECK(server.finished());
}

TEST_CASE("H1-21: of a body that nobody reads as much is discarded as the limit says") {
  const std::size_t most = Limits{}.discarded_body;
  struct Row {
    std::size_t length;
    bool closes;
  };
  for (const Row row : {Row{most, false}, Row{most + 1, true}}) {
    H1Server server;
    const std::string body(row.length, 'x');
    const std::string head =
        std::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", row.length);
    const H1ResponseReader first(server.send(head));
    REQUIRE(first.responses.size() == 1);
    CHECK(first.responses[0].closes() == row.closes);
    const std::string more = server.send(body + "GET /marker HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(more.empty() == row.closes);
    CHECK(server.finished() == row.closes);
  }
}

TEST_CASE("H1-21: of a body in chunks that nobody reads as much is discarded as of any other") {
  const std::size_t most = Limits{}.discarded_body;
  for (const bool over : {false, true}) {
    H1Server server;
    const H1ResponseReader first(server.send(kChunked));
    REQUIRE(first.responses.size() == 1);
    CHECK_FALSE(first.responses[0].closes());  // it might be short
    std::string rest = std::format("{:x}\r\n{}\r\n", most, std::string(most, 'x'));
    if (over) rest += "1\r\nx\r\n";
    const std::string more = server.send(rest + "0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(more.empty() == over);
    CHECK(server.finished() == over);
  }
}
