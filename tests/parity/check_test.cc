#include "tools/parity/check.h"

#include <catch2/catch_test_macros.hpp>

#include "tools/parity/coding.h"
#include "tools/parity/values.h"

namespace troika::parity {
namespace {

// The checks that a row makes of an answer, as text; "" for none failed.
std::string verdict(const std::string& rules, const Answer& answer, const char* method = "GET") {
  static const Fixture fixture;
  const auto rows = read_table("t", std::string("@ t\n") + method + " /\n" + rules);
  if (!rows) return rows.error();
  std::string all;
  for (const std::string& line : check(rows->front(), answer, fixture)) {
    all += (all.empty() ? "" : "; ") + line;
  }
  return all;
}

Answer plain(std::string body) { return {.status = 200, .body = std::move(body)}; }

TEST_CASE("A wrong status is seen") {
  CHECK(verdict("< 200\n", plain("")).empty());
  CHECK(verdict("< 304\n", plain("")) == "status: got 200, not 304");
}

TEST_CASE("An answer that was cut off is no answer") {
  CHECK(verdict("< 200\n", {.status = 200, .failure = "reset"}) == "no whole answer: reset");
}

TEST_CASE("Fields that are missing, wrong, doubled or too many are seen") {
  const Answer answer{.status = 200,
                      .fields = {{"etag", "\"x\""}, {"vary", "a, Origin"}, {"vary", "b"}}};
  CHECK(verdict("< 200\n< etag: \"x\"\n< etag\n< vary ~ origin\n< vary ~ b\n< -age\n", answer)
            .empty());
  CHECK(verdict("< 200\n< etag: \"y\"\n", answer) == "etag: got \"\"x\"\", not \"\"y\"\"");
  const Answer star{.status = 200, .fields = {{"vary", "*"}}};
  CHECK(verdict("< 200\n< vary ~ origin\n", star).contains("has no member origin"));
  CHECK(verdict("< 200\n< age\n", answer) == "age is not there");
  CHECK(verdict("< 200\n< age: 1\n", answer) == "age is not there");
  CHECK(verdict("< 200\n< age ~ a\n", answer) == "age is not there");
  CHECK(verdict("< 200\n< -etag\n", answer).starts_with("etag is there"));
  CHECK(verdict("< 200\n< vary\n", answer).starts_with("vary is there 2 times"));
  CHECK(verdict("< 200\n< vary ~ rigin\n", answer).contains("has no member rigin"));
  CHECK(verdict("< 200\n< etag: {etag none.txt}\n", answer).contains("there is no file none.txt"));
}

TEST_CASE("A wrong byte of a body is seen, and where it is") {
  CHECK(verdict("< 200\n= abc\n", plain("abc")).empty());
  CHECK(verdict("< 200\n= abc\n", plain("abd")).starts_with("body: at byte 2: "));
  CHECK(verdict("< 200\n= abc\n", plain("abcd")).starts_with("body: at byte 3: "));
  CHECK(verdict("< 200\n=empty\n", plain("x")).starts_with("body: "));
  CHECK(verdict("< 200\n=contains b\n=contains c\n", plain("abc")).empty());
  CHECK(verdict("< 200\n=contains z\n", plain("abc")) == "body: \"z\" is not in \"abc\"");
  const std::string a = "0123456789abcdefghijklmnopqrstuvwxyz";
  CHECK(verdict("< 200\n=file a.txt\n", plain(a)).empty());
  CHECK(verdict("< 200\n=file a.txt\n", plain(a + "0")).starts_with("body: at byte 36"));
  CHECK(verdict("< 200\n=file a.txt 5 9\n", plain("56789")).empty());
  CHECK(verdict("< 200\n=file a.txt 5 9\n", plain("5678")).starts_with("body: "));
  CHECK(verdict("< 200\n=file none.txt\n", plain("")).starts_with("there is no file"));
}

TEST_CASE("An answer to HEAD has no body, and a length is the body's") {
  const auto head = [](const char* length) {
    return Answer{.status = 200, .fields = {{"content-length", length}}};
  };
  CHECK(verdict("< 200\n=file a.txt\n", head("36"), "HEAD").empty());
  CHECK(verdict("< 200\n=file a.txt\n", head("35"), "HEAD").starts_with("content-length: got"));
  CHECK(verdict("< 200\n=file a.txt\n", plain(""), "HEAD").starts_with("content-length: got none"));
  CHECK(verdict("< 200\n= abc\n", head("3"), "HEAD").empty());
  CHECK(verdict("< 200\n= abc\n", head("4"), "HEAD").starts_with("content-length: got"));
  CHECK(verdict("< 200\n", plain("x"), "HEAD").starts_with("body: "));
  const Answer answer{.status = 200, .fields = {{"content-length", "4"}}, .body = "abc"};
  CHECK(verdict("< 200\n", answer).starts_with("content-length: "));
  CHECK(verdict("< 200\n", {.status = 200, .fields = answer.fields}, "HEAD").empty());
}

TEST_CASE("A row of an error that says only its status wants the short text") {
  const auto error = [](const char* type, const char* body) {
    return Answer{.status = 404, .fields = {{"content-type", type}}, .body = body};
  };
  const char* const plain_text = "text/plain; charset=utf-8";
  CHECK(verdict("< 404\n", error(plain_text, "404 Not Found\n")).empty());
  CHECK(verdict("< 404\n", error(plain_text, "404 Not Foun\n")).starts_with("body: at byte 12"));
  CHECK(verdict("< 404\n", error(plain_text, "")).starts_with("body: at byte 0"));
  CHECK(verdict("< 404\n", error("text/html", "404 Not Found\n")).starts_with("content-type: "));
  CHECK(verdict("< 404\n= own\n", error("text/html", "own")).empty());
  const Answer head{.status = 404,
                    .fields = {{"content-type", plain_text}, {"content-length", "14"}}};
  CHECK(verdict("< 404\n=empty\n", head, "HEAD").empty());
  CHECK(verdict("< 404\n", error(plain_text, ""), "HEAD") ==
        "content-length: got none, not \"14\"");
}

TEST_CASE("An error of a profile with a page for it wants the page") {
  const Fixture fixture;
  const auto rows = read_table("t", "%profile errors\n@ t\nGET /\n< 404\n@ u\nGET /\n< 405\n");
  const Answer page{.status = 404,
                    .fields = {{"content-type", "text/html; charset=utf-8"}},
                    .body = "<p>custom not found"};
  const Answer text{.status = 405,
                    .fields = {{"content-type", "text/plain; charset=utf-8"}},
                    .body = "405 Method Not Allowed\n"};
  CHECK(check((*rows)[0], page, fixture).empty());
  CHECK(check((*rows)[1], text, fixture).empty());  // its page is not there
  Answer other = page;
  other.body = "404 Not Found\n";
  CHECK(check((*rows)[0], other, fixture).size() == 1);
}

TEST_CASE("The order of texts is that of where each stands first, and some must not stand there") {
  CHECK(verdict("< 200\n=order a b c\n", plain("xaxbxc")).empty());
  CHECK(verdict("< 200\n=order a b c\n", plain("xaxcxb")).contains("\"c\" is too early"));
  CHECK(verdict("< 200\n=order a b\n", plain("b a b")).contains("\"b\" is too early"));
  CHECK(verdict("< 200\n=order a b c\n", plain("xaxb")).contains("\"c\" is not in it"));
  CHECK(verdict("< 200\n=order a\\x20b c\n", plain("a b c")).empty());
  CHECK(verdict("< 200\n=lacks d\n", plain("abc")).empty());
  CHECK(verdict("< 200\n=lacks b\n", plain("abc")).contains("\"b\" is in"));
}

TEST_CASE("What is decoded is compared with the file, and damage is seen") {
  const std::string a = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (const std::string coding : {"br", "zstd", "gzip"}) {
    CAPTURE(coding);
    const std::string rules = "< 200\n=decoded " + coding + " a.txt\n";
    const std::string encoded = encode(coding, a);
    CHECK(verdict(rules, plain(encoded)).empty());
    CHECK(verdict(rules, plain(encode(coding, a + "!"))).starts_with("body: at byte 36"));
    CHECK(verdict(rules, plain(encoded + "x")).starts_with("body: no valid"));
    CHECK(
        verdict(rules, plain(encoded.substr(0, encoded.size() - 1))).starts_with("body: no valid"));
    CHECK(verdict(rules, plain("")).starts_with("body: no valid"));
    CHECK(verdict(rules, plain(a)).starts_with("body: no valid"));
  }
}

Answer parts(const std::string& body, const std::string& boundary = "B") {
  return {.status = 206,
          .fields = {{"content-type", "multipart/byteranges; boundary=" + boundary}},
          .body = body};
}

TEST_CASE("Parts have their own fields, bytes and order") {
  const std::string rules = "< 206\n=parts a.txt text/plain; charset=utf-8 0-1 10-11\n";
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\n";
  const auto part = [](const std::string& fields, const std::string& bytes) {
    return "--B\r\n" + fields + "\r\n" + bytes + "\r\n";
  };
  const std::string first = part(type + "Content-Range: bytes 0-1/36\r\n", "01");
  const std::string second = part(type + "Content-Range: bytes 10-11/36\r\n", "ab");
  CHECK(verdict(rules, parts(first + second + "--B--\r\n")).empty());
  CHECK(verdict(rules, parts(first + second + "--B--\r\n", "\"B\"")).empty());
  CHECK(verdict(rules, parts("\r\n" + first + second + "--B--")).empty());
  CHECK(verdict(rules, parts(second + first + "--B--\r\n")).starts_with("part 1: content-range"));
  CHECK(verdict(rules, parts(first + "--B--\r\n")) == "body: 1 parts, not 2");
  CHECK(verdict(rules, parts(first + second)).starts_with("body: no boundary at the end"));
  CHECK(verdict(rules, parts(first + second + "--B--\r\nmore")).starts_with("body: something"));
  CHECK(verdict(rules, parts(first + second + "--B--\r\n", "C")).starts_with("body: no boundary"));
  CHECK(verdict(rules, plain(first + second + "--B--\r\n")).contains("no parts without"));
  const std::string no_type = part("Content-Range: bytes 10-11/36\r\n", "ab");
  CHECK(verdict(rules, parts(first + no_type + "--B--\r\n")) ==
        "part 2: content-type is there 0 times");
  const std::string wrong = part(type + "Content-Range: bytes 10-11/36\r\n", "ax");
  CHECK(verdict(rules, parts(first + wrong + "--B--\r\n")).starts_with("part 2: at byte 1"));
}

TEST_CASE("Values are those of docs/static-files.md") {
  const Fixture fixture;
  const auto value = [&](const char* text) {
    const auto expanded = expand(fixture, text);
    return expanded ? *expanded : "error: " + expanded.error();
  };
  const std::string content = "74e7e5bb9d22d6db26bf76946d40fff3";
  CHECK(value("W/{etag a.txt}, {opaque a.txt}") == "W/\"" + content + "\", " + content);
  CHECK(value("{live a.txt br}") == "W/\"" + content + "+br\"");
  CHECK(value("{times a.txt}") == "\"24-15e59a35b98a0000\"");
  CHECK(value("{etag large.txt}") == "\"200000-15e59a35b98a0000\"");
  CHECK(value("{etag b.txt}") == "\"5-1618b783d5591f15\"");
  CHECK(value("{coded drawing.svgz}").ends_with(".gz\""));
  CHECK(value("{coded game.wasm.br}").ends_with(".br\""));
  CHECK(value("{live a.txt zstd}").ends_with("+zst\""));
  CHECK(value("{etag tiny.txt.gz}").ends_with(".gz\""));
  CHECK_FALSE(value("{etag file.tar.gz}").contains(".gz"));
  CHECK(value("{date a.txt}") == "Wed, 01 Jan 2020 00:00:00 GMT");
  CHECK(value("{date a.txt +60} {date a.txt -1}") ==
        "Wed, 01 Jan 2020 00:01:00 GMT Tue, 31 Dec 2019 23:59:59 GMT");
  CHECK(value("{date name with space.txt}") == "Wed, 01 Jan 2020 00:00:00 GMT");
  CHECK(value("{size big.bin}") == "100000");
  CHECK(value("{sha256 b.txt}") == "2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz/o=");
  CHECK(value("{nothing a.txt}").starts_with("error: no such value"));
  CHECK(value("{etag a.txt").starts_with("error: "));
}

}  // namespace
}  // namespace troika::parity
