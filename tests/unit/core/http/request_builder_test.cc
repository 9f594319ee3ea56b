#include "http/message/request_builder.h"

#include <catch2/catch_test_macros.hpp>

#include "base/random.h"
#include "request_lines.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("a request is the same value whatever protocol it came by") {
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    const auto [status, request] = build(version,
                                         {{":method", "POST"},
                                          {":path", "/a/./b%20c?d=%2e"},
                                          {"accept", "text/html"},
                                          {"content-length", "12"},
                                          {"accept", "*/*"}},
                                         {.body = true});
    REQUIRE(status == 200);
    CHECK(request.method == Method::post);
    CHECK(request.method_text == "POST");
    CHECK(request.scheme == "https");
    CHECK(request.authority == "example.com");
    CHECK(request.protocol.empty());
    CHECK(request.target.raw == "/a/./b%20c?d=%2e");
    CHECK(request.target.path == "/a/b c");
    CHECK(request.target.query == "d=%2e");
    CHECK(request.version == version);
    CHECK(request.content_length == 12U);
    CHECK(request.has_body);
    CHECK_FALSE(request.expects_continue);
    CHECK_FALSE(request.early_data);
    REQUIRE(request.headers.size() == 2);
    CHECK(request.headers[0].value == "text/html");
    CHECK(request.headers[1].value == "*/*");
  }
}

TEST_CASE("what has a place of its own in a request is not among its headers") {
  for (const HttpVersion version : versions(H1x)) {
    const auto [status, request] = build(version,
                                         {{"Connection", "upgrade"},
                                          {"Keep-Alive", "x"},
                                          {"Proxy-Connection", "x"},
                                          {"Upgrade", "h2c"},
                                          {"Content-Length", "1"},
                                          {"Expect", "100-continue"},
                                          {"Accept-Language", "  fr  "}},
                                         {.body = true});
    REQUIRE(status == 200);
    REQUIRE(request.headers.size() == 1);
    CHECK(request.headers[0].name == "accept-language");
    CHECK(request.headers[0].value == "fr");
    CHECK(request.authority == "example.com");
  }
}

TEST_CASE("an unknown method and an encoded slash are for the handler to judge") {
  for (const HttpVersion version : versions(All)) {
    const auto [status, request] = build(version, {{":method", "M-SEARCH"}, {":path", "/a%2fb"}});
    CHECK(status == 200);
    CHECK(request.method == Method::other);
    CHECK(request.method_text == "M-SEARCH");
    CHECK(request.target.raw == "/a%2fb");
    CHECK(request.target.path == "/a%2Fb");
    CHECK(request.target.encoded_slash);
  }
}

// Our client sends no such targets, other clients do.
TEST_CASE("UTF-8 in path and query is taken as if it were percent-encoded, by each protocol") {
  for (const HttpVersion version : versions(All)) {
    const auto [status, request] = build(version, {{":path", "/\xc3\xa9?q=\xf0\x9f\x90\x8e"}});
    CHECK(status == 200);
    CHECK(request.target.raw == "/%C3%A9?q=%F0%9F%90%8E");
    CHECK(request.target.path == "/\xc3\xa9");
    CHECK(build(version, {{":path", "/\xe9"}}).status == 400);
    CHECK(build(version, {{":path", "/?\xe9"}}).status == 400);
  }
}

TEST_CASE("R1, R3, R8: what is for one connection only is not among a request's headers") {
  for (const HttpVersion version : versions(All)) {
    const auto [status, request] =
        build(version, {{"te", "trailers"}, {"proxy-authorization", "Basic eDp5"}});
    CHECK(status == 200);
    CHECK(request.headers.empty());
  }
  for (const HttpVersion version : versions(H1x)) {
    const auto [status, request] = build(version, {{"X-Before", "1"},
                                                   {"Connection", "X-Before, close,,x-AFTER ,"},
                                                   {"X-Kept", "2"},
                                                   {"connection", "x-more"},
                                                   {"X-After", "3"},
                                                   {"x-more", "4"}});
    CHECK(status == 200);
    CHECK(request.headers.size() == 1);
    CHECK(request.headers.get("x-kept") == "2");
  }
}

TEST_CASE("R2: what is meant for all recipients stays, whatever Connection names") {
  Lines lines;
  std::string names = "host,content-length,expect";
  for (const std::string name :
       {"authorization", "content-type", "cookie", "early-data", "forwarded", "if-none-match",
        "origin", "range", "via", "x-forwarded-for"}) {
    lines.emplace_back(name, "1");
    names += "," + name;
  }
  const std::size_t kept = lines.size();
  lines.emplace_back("content-length", "1");
  lines.emplace_back("expect", "100-continue");
  lines.emplace_back("connection", names);
  const auto [status, request] = build(HttpVersion::http11, lines, {.body = true});
  CHECK(status == 200);
  CHECK(request.authority == "example.com");
  CHECK(request.content_length == 1U);
  CHECK(request.expects_continue);
  CHECK(request.headers.size() == kept);
}

TEST_CASE("Connection of a request may name connection_options fields and not one more") {
  const Limits limits;
  const auto status = [&](std::size_t count) {
    std::string names = "close,keep-alive,content-type,,";  // these do not count
    for (std::size_t i = 0; i < count; ++i) names += "x,";
    return build(HttpVersion::http11, {{"connection", names}}).status;
  };
  CHECK(status(limits.connection_options) == 200);
  CHECK(status(limits.connection_options + 1) == 431);
}

TEST_CASE("the scheme says whether the connection is secure") {
  CHECK(build(HttpVersion::http11, {}).request.scheme == "https");
  CHECK(build(HttpVersion::http11, {}, {.secure = false}).request.scheme == "http");
}

TEST_CASE("the authority comes from :authority, the absolute form or Host, as it was written") {
  const auto authority = [](HttpVersion version, const Lines& extra, std::string without = "") {
    return build(version, extra, {.without = std::move(without)}).request.authority;
  };
  using enum HttpVersion;
  CHECK(authority(http2, {{":authority", "EXAMPLE.com:8443"}}) == "EXAMPLE.com:8443");
  CHECK(authority(http2, {{"host", "a.b"}}, ":authority") == "a.b");
  CHECK(authority(http11, {{"Host", "[::1]:80"}}) == "[::1]:80");
  CHECK(authority(http11, {{":authority", "Example.COM"}}) == "Example.COM");
  CHECK(authority(http11, {{":authority", "a.b:81"}, {"Host", "c.d"}}) == "a.b:81");
  CHECK(authority(http10, {{":authority", "a.b:81"}, {"Host", "c.d"}}) == "a.b:81");
  CHECK(authority(http10, {}, "Host").empty());
}

TEST_CASE("a Content-Length is decimal, whatever zeros lead it") {
  for (const HttpVersion version : versions(All)) {
    const auto length = [&](const std::string& text) {
      return build(version, {{"content-length", text}}, {.body = true}).request.content_length;
    };
    CHECK(length("010") == 10U);
    CHECK(length(std::string(100, '0') + "9223372036854775807") == 9223372036854775807U);
  }
}

TEST_CASE("the continue expectation counts from HTTP/1.1 on and with a body only") {
  const Lines expect{{"expect", "100-continue"}};
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    CHECK(build(version, expect, {.body = true}).request.expects_continue ==
          (version != HttpVersion::http10));
    CHECK_FALSE(build(version, expect).request.expects_continue);
  }
}

TEST_CASE("R26: cookies become one field") {
  const Lines crumbs{{"cookie", "a=1"}, {"accept", "*/*"}, {"cookie", "b=2"}, {"cookie", "c=3"}};
  for (const HttpVersion version : versions(All)) {
    const Request request = build(version, crumbs).request;
    CHECK(request.headers.count("cookie") == 1);
    CHECK(request.headers.get("cookie") == "a=1; b=2; c=3");
  }
}

TEST_CASE("cookies cost bytes but are not counted as fields") {
  Limits limits;
  limits.header_count = 3;
  limits.header_list_bytes = 1000 * (6 + 3 + 32) + 1000;
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    const auto status = [&](std::size_t cookies, std::size_t others) {
      Lines extra(cookies, {"cookie", "a=1"});
      extra.resize(cookies + others - (is_h1(version) ? 1U : 0U), {"x", ""});  // less Host
      return build(version, extra, {.limits = limits}).status;
    };
    CHECK(status(1000, 3) == 200);
    CHECK(status(1000, 4) == 431);
    CHECK(status(1030, 3) == 431);  // too many bytes
  }
  const Lines spelt(200, {"Cookie", "a=1"});
  CHECK(build(HttpVersion::http11, spelt).status == 200);
}

TEST_CASE("the target may have target_bytes bytes and not one more") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    const auto status = [&](std::size_t size) {
      return build(version, {{":path", "/" + std::string(size - 1, 'a')}}).status;
    };
    CAPTURE(name_of(version));
    CHECK(status(limits.target_bytes - 1) == 200);
    CHECK(status(limits.target_bytes) == 200);
    CHECK(status(limits.target_bytes + 1) == 414);
  }
}

TEST_CASE("a request may have header_count fields and not one more") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    const auto status = [&](std::size_t count) {
      Lines extra;
      if (!is_h1(version)) extra.emplace_back("x", "");  // in place of Host
      while (extra.size() + 1 < count + (is_h1(version) ? 0U : 1U)) extra.emplace_back("x", "");
      return build(version, extra).status;
    };
    CAPTURE(name_of(version));
    CHECK(status(limits.header_count - 1) == 200);
    CHECK(status(limits.header_count) == 200);
    CHECK(status(limits.header_count + 1) == 431);
  }
}

TEST_CASE("a field section may cost header_list_bytes, 32 for each line among them") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    // host: 4+11+32; :method 7+3+32, :path 5+1+32, :scheme 7+5+32, :authority 10+11+32.
    const std::size_t base = is_h1(version) ? 47 : 42 + 38 + 44 + 53;
    const auto status = [&](std::size_t cost) {
      return build(version, {{"x", std::string(cost - base - 32 - 1, 'v')}}).status;
    };
    CAPTURE(name_of(version));
    CHECK(status(limits.header_list_bytes - 1) == 200);
    CHECK(status(limits.header_list_bytes) == 200);
    CHECK(status(limits.header_list_bytes + 1) == 431);
  }
}

TEST_CASE("pseudo fields cost bytes in h2 and h3 but are not counted as fields") {
  BuildOptions few_bytes, no_fields;
  few_bytes.limits.header_list_bytes = 300;
  no_fields.limits.header_count = 0;
  const Lines path{{":path", "/" + std::string(200, 'a')}};
  CHECK(build(HttpVersion::http11, path, few_bytes).status == 200);
  CHECK(build(HttpVersion::http2, path, few_bytes).status == 431);
  CHECK(build(HttpVersion::http3, {}, no_fields).status == 200);
}

TEST_CASE("the first fault stays, shows at once, and ends the storing") {
  const Limits limits;
  Request request;
  RequestBuilder builder(request, limits, HttpVersion::http2, true);
  builder.method("GET");
  builder.field("accept", "*/*");
  CHECK(builder.fault() == 0);
  builder.target("/" + std::string(limits.target_bytes, 'a'));
  CHECK(builder.fault() == 414);
  for (int i = 0; i < 200; ++i) builder.field("x-after", "y");
  builder.field("BAD NAME", "\r\n");
  CHECK(builder.fault() == 414);
  CHECK(builder.finish(false) == 414);
  CHECK(request.method_text == "GET");
  CHECK(request.target.raw.empty());
  CHECK(request.headers.size() == 1);
}

TEST_CASE("a refused target is kept for the log when it is printable") {
  const auto raw = [](const std::string& path) {
    const auto built = build(HttpVersion::http11, {{":path", path}});
    CHECK(built.status == 400);
    return built.request.target.raw;
  };
  CHECK(raw("/../../etc/passwd") == "/../../etc/passwd");
  CHECK(raw("/a\nb").empty());
}

TEST_CASE("random bytes as a request neither crash nor get past the rules") {
  SeededRandom random(99);
  const auto text = [&] {
    std::string out(random.below(12), ' ');
    for (char& c : out) c = static_cast<char>(random.below(256));
    return out;
  };
  for (int i = 0; i < 5000; ++i) {
    const auto version = static_cast<HttpVersion>(random.below(4));
    const auto [status, request] =
        build(version, {{text(), text()}, {"x-b", text()}}, {.body = random.chance(0.5)});
    if (status != 200) continue;
    for (const auto field : request.headers) {
      REQUIRE(valid_field_value(field.value));
      REQUIRE_FALSE(field.name.empty());
    }
  }
}
