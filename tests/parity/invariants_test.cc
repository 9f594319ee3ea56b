#include "tools/parity/invariants.h"

#include <catch2/catch_test_macros.hpp>

#include "tools/parity/coding.h"

namespace troika::parity {
namespace {

// A right answer of its status over h1, to be spoilt.
Answer right(std::uint16_t status, const std::string& body = "abc") {
  Answer answer{.status = status, .fields = {{"date", "x"}, {"alt-svc", "h3"}}, .body = body};
  const auto add = [&](const char* name, std::string value) {
    answer.fields.emplace_back(name, std::move(value));
  };
  if (status != 204 && status != 304) add("content-length", std::to_string(body.size()));
  if (!body.empty()) {
    add("content-type", status < 300 ? "text/css" : "text/plain; charset=utf-8");
    add("x-content-type-options", "nosniff");
  }
  if (of_handler(status)) add("cache-control", "no-cache");
  if (status == 204 || status == 405) add("allow", "GET, HEAD, OPTIONS");
  if (status == 308) add("location", "/dir/");
  if (status == 206) add("content-range", "bytes 5-7/36");
  if (status == 416) add("content-range", "bytes */36");
  return answer;
}

Answer without(Answer answer, std::string_view name) {
  std::erase_if(answer.fields, [&](const auto& field) { return field.first == name; });
  return answer;
}
Answer with(Answer answer, const std::string& name, const std::string& value) {
  answer = without(std::move(answer), name);
  answer.fields.emplace_back(name, value);
  return answer;
}

std::string verdict(const Answer& answer, const Ask& ask = {}, const char* profile = "default",
                    const char* protocol = "h1") {
  std::string all;
  for (const std::string& line : broken(ask, profile_named(profile), protocol, answer)) {
    all += (all.empty() ? "" : "; ") + line;
  }
  return all;
}
const Ask kRange{.fields = {{"Range", "bytes=5-7"}}};

TEST_CASE("Right answers hold") {
  CHECK(verdict(right(200)) == "");
  CHECK(verdict(right(204, ""), {.method = "OPTIONS"}) == "");
  CHECK(verdict(right(206), kRange) == "");
  CHECK(verdict(right(304, "")) == "");
  CHECK(verdict(right(308)) == "");
  for (const std::uint16_t status :
       std::vector<std::uint16_t>{400, 404, 405, 406, 412, 414, 416, 417, 431, 501}) {
    CAPTURE(status);
    CHECK(verdict(right(status)) == "");
  }
  CHECK(verdict(without(right(200), "alt-svc"), {}, "default", "h3") == "");
}

TEST_CASE("A failure and a status of no rule are seen") {
  CHECK(verdict({.failure = "reset"}) == "no whole answer: reset");
  for (const std::uint16_t status : std::vector<std::uint16_t>{201, 408, 500, 502, 503}) {
    CAPTURE(status);
    CHECK(verdict(right(status)).contains("is none of"));
  }
  CHECK(verdict(right(200), {.method = "POST"}).contains("only reads"));
  CHECK(verdict(right(206)).contains("206 without a Range"));
  CHECK(verdict(right(304, ""), {.method = "OPTIONS"}).contains("304 for another method"));
  CHECK(verdict(without(right(405), "allow")).contains("allow is not"));
  CHECK(verdict(without(right(308), "location")).contains("location"));
  CHECK(verdict(with(right(200), "location", "/")).contains("location"));
}

TEST_CASE("Fields that every answer has, and lengths, are looked at") {
  CHECK(verdict(without(right(200), "date")) == "date is not there once");
  CHECK(verdict(without(right(304, ""), "date")) == "date is not there once");
  CHECK(verdict(without(right(200), "alt-svc")).starts_with("alt-svc"));
  CHECK(verdict(right(200), {}, "default", "h3").starts_with("alt-svc"));
  CHECK(verdict(without(right(200), "x-content-type-options")) == "content without nosniff");
  CHECK(verdict(without(right(200), "content-length")) == "no content-length");
  CHECK(verdict(with(right(200), "content-length", "4")).starts_with("content-length: 4"));
  CHECK(verdict(right(200), {.method = "HEAD"}) == "HEAD with a body");
  CHECK(verdict(right(200, ""), {.method = "HEAD"}) == "");
  CHECK(verdict(with(right(304, ""), "content-type", "x")) == "content-type of a 304");
  CHECK(verdict(without(right(404), "cache-control")).starts_with("cache-control"));
  CHECK(verdict(without(right(308), "cache-control")).starts_with("cache-control"));
}

TEST_CASE("Codings have to be real, and to be varied by") {
  Answer coded = with(right(200, encode("br", "abc")), "content-encoding", "br");
  CHECK(verdict(coded) == "content-encoding without vary: accept-encoding");
  coded = with(coded, "vary", "accept, accept-encoding");
  CHECK(verdict(coded) == "");
  CHECK(verdict(with(coded, "content-encoding", "gzip")).contains("not of its content-encoding"));
  CHECK(verdict(without(coded, "content-length")) == "no content-length");
  const std::string large((1U << 20U) + 1, 'x');
  const Answer streamed = with(with(right(200, encode("br", large)), "content-encoding", "br"),
                               "vary", "accept-encoding");
  CHECK(verdict(without(streamed, "content-length")) == "");
}

TEST_CASE("Parts say which part they are") {
  CHECK(verdict(without(right(206), "content-range"), kRange).contains("content-range belongs"));
  CHECK(verdict(with(right(206), "content-range", "bytes 5-8/36"), kRange).contains("of 3 bytes"));
  CHECK(verdict(with(right(206), "content-range", "bytes 5-7/7"), kRange).contains("of 3 bytes"));
  CHECK(
      verdict(with(right(200), "content-range", "bytes 5-7/36")).contains("content-range belongs"));
  CHECK(verdict(without(right(416), "content-range")).starts_with("416 without"));
  const auto parts = [](const std::string& second) {
    const std::string body =
        "--B\r\ncontent-type: x\r\ncontent-range: bytes 0-0/9\r\n\r\na\r\n--B\r\n" + second +
        "\r\n\r\nbc\r\n--B--\r\n";
    return without(with(right(206, body), "content-type", "multipart/byteranges; boundary=B"),
                   "content-range");
  };
  const Answer good = parts("content-type: x\r\ncontent-range: bytes 2-3/9");
  CHECK(verdict(good, kRange) == "");
  CHECK(verdict(parts("content-type: x\r\ncontent-range: bytes 2-4/9"), kRange)
            .contains("of 2 bytes"));
  CHECK(verdict(parts("content-range: bytes 2-3/9"), kRange) == "a part without content-type");
  CHECK(verdict(with(good, "content-range", "bytes 0-0/9"), kRange).contains("belongs"));
}

TEST_CASE("Secrets are seen in bodies, coded or in part, and in fields") {
  CHECK(verdict(right(200, "xCANARYx")) == "CANARY in the body");
  CHECK(verdict(with(right(200), "etag", "CANARY")) == "CANARY in etag");
  const Answer coded = with(with(right(200, encode("gzip", "CANARY")), "content-encoding", "gzip"),
                            "vary", "accept-encoding");
  CHECK(verdict(coded) == "CANARY in the body");
  CHECK(verdict(right(200, "hidden")) == "a hidden file");
  CHECK(verdict(right(200, "hidden"), {}, "dotfiles") == "");
  const Answer part = with(right(206, "idd"), "content-range", "bytes 1-3/6");
  CHECK(verdict(part, kRange) == "a part of a hidden file");
  CHECK(verdict(part, kRange, "dotfiles") == "");
  CHECK(verdict(right(304, ""), {.target = "/.hidden"}) == "a hidden name is not 404");
  CHECK(verdict(right(304, ""), {.target = "/.hidden"}, "dotfiles") == "");
}

}  // namespace
}  // namespace troika::parity
