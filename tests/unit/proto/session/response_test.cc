// What a client makes of the responses of a server, right ones and wrong ones. The rules for heads
// are in unit/core/http/response_builder_test.cc.
#include <catch2/catch_template_test_macros.hpp>

#include "unit/proto/session/origins.h"

using namespace troika;
using namespace troika::test;

TEMPLATE_TEST_CASE("a client gets informational heads, then the response with its trailers", "",
                   H1Origin, H2Origin, H3Origin) {
  TestType origin;
  const PairCall& call = origin.ask();
  origin.head(103, {{"link", "a"}});
  origin.head(103, {{"link", "b"}});
  origin.head(200, {{"x-a", "c"}});
  origin.data("hello");
  CHECK(call.body == "hello");
  CHECK_FALSE(call.whole());
  origin.trailers({{"grpc-status", "0"}, {"content-type", "x"}, {"set-cookie", "x"}});
  CHECK(call.whole());
  REQUIRE(call.receiver.informational.size() == 2);
  CHECK(call.receiver.informational[1].headers.size() == 1);
  CHECK(call.receiver.informational[1].headers.get("link") == "b");
  CHECK_FALSE(call.receiver.head->headers.has("link"));  // R34
  REQUIRE(call.stream->body().trailers()->size() == 1);
  CHECK(call.stream->body().trailers()->get("grpc-status") == "0");
}

TEMPLATE_TEST_CASE("R17: content shorter than declared is an error for its reader", "", H1Origin,
                   H2Origin, H3Origin) {
  for (const std::string content : {"hell", ""}) {
    TestType origin;
    const PairCall& call = origin.ask();
    origin.head(200, {{"content-length", "5"}});
    if (!content.empty()) origin.data(content);
    origin.end();
    CHECK(call.receiver.status() == 200);
    CHECK(call.receiver.failed);
    CHECK(call.state == ReadState::error);
    CHECK(call.body == content);
  }
}

// In h1 the rest is no part of the response: it ends the connection.
TEMPLATE_TEST_CASE("R17: content longer than declared is an error for its reader", "", H2Origin,
                   H3Origin) {
  TestType origin;
  const PairCall& call = origin.ask();
  origin.head(200, {{"content-length", "5"}});
  origin.data("hello!");
  CHECK(call.receiver.failed);
  CHECK(call.state == ReadState::error);
  CHECK_FALSE(call.body.contains('!'));
}

TEMPLATE_TEST_CASE("R23: a stream that ends with a head that announces content has failed", "",
                   H2Origin, H3Origin) {
  TestType origin;
  const PairCall& call = origin.ask();
  origin.head(200, {{"content-length", "5"}}, true);
  CHECK_FALSE(call.whole());
  CHECK(call.receiver.failed);
  CHECK(call.receiver.calls == 1);
}

TEMPLATE_TEST_CASE("R18: responses without content end with their head, whatever they say", "",
                   H1Origin, H2Origin, H3Origin) {
  TestType origin;
  const auto ends = [&](Method method, unsigned status) {
    const PairCall& call = origin.ask(method);
    origin.head(status, {{"content-length", "5"}}, true);
    CHECK(call.receiver.head->headers.get("content-length") == "5");
    return call.whole() && call.body.empty();
  };
  CHECK(ends(Method::head, 200));
  CHECK(ends(Method::get, 304));
  CHECK(ends(Method::head, 304));
}

TEMPLATE_TEST_CASE("R1, R8: no field of one connection reaches the client's user", "", H1Origin,
                   H2Origin, H3Origin) {
  TestType origin;
  const PairCall& call = origin.ask();
  Fields fields{{"proxy-authenticate", "Basic"}, {"te", "trailers"}, {"www-authenticate", "Basic"}};
  if (TestType::kVersion == HttpVersion::http11) {
    fields.insert(fields.begin(), {{"connection", "x-hop"}, {"x-hop", "1"}, {"upgrade", "h2c"}});
  }
  origin.head(401, fields);
  origin.data("x");
  origin.trailers({{"x-end", "1"}});
  CHECK(call.whole());
  for (const std::string_view gone :
       {"proxy-authenticate", "te", "connection", "x-hop", "upgrade"}) {
    CHECK_FALSE(call.receiver.head->headers.has(gone));
  }
  CHECK(call.receiver.head->headers.has("www-authenticate"));
}

TEST_CASE("R1: a client drops a trailer that the head names in Connection") {
  H1Origin origin;
  const PairCall& call = origin.ask();
  origin.head(200, {{"connection", "x-hop"}});
  origin.trailers({{"x-hop", "1"}, {"x-end", "2"}});
  REQUIRE(call.whole());
  CHECK(call.stream->body().trailers()->size() == 1);
}

TEMPLATE_TEST_CASE("a client takes heads and trailers of its limits; one more is over a limit", "",
                   H1Origin, H2Origin, H3Origin) {
  const std::size_t status_line = TestType::kVersion == HttpVersion::http11 ? 0 : 7 + 3 + 32;
  for (const std::size_t over : {0U, 1U}) {
    const auto check = [&](auto respond) {
      TestType origin;
      const PairCall& call = origin.ask();
      respond(origin);
      CAPTURE(over);
      CHECK(call.whole() == (over == 0));
      CHECK(call.receiver.failed ==
            (over == 0 ? std::nullopt : std::optional(AbortReason::over_limit)));
    };
    check([&](TestType& origin) {
      origin.head(204, Fields(origin.limits.response_count + over, {"x", ""}), true);
    });
    check([&](TestType& origin) {
      const std::size_t size = origin.limits.response_bytes - status_line - 33 + over;
      origin.head(204, {{"x", std::string(size, 'a')}}, true);
    });
    check([&](TestType& origin) {
      for (std::size_t i = 0; i < origin.limits.informational + over; ++i) origin.head(103);
      origin.head(204, {}, true);
    });
    check([&](TestType& origin) {
      origin.head(200);
      origin.trailers(Fields(origin.limits.trailer_count + over, {"x", ""}));
    });
    check([&](TestType& origin) {
      origin.head(200);
      origin.trailers({{"x", std::string(origin.limits.trailer_bytes - 33 + over, 'a')}});
    });
  }
}

// In h3 nghttp3 drops a field with forbidden bytes and lets the message go on.
TEMPLATE_TEST_CASE("R19, R23: a field that is not one fails the request, or is never seen", "",
                   H1Origin, H2Origin, H3Origin) {
  using std::string_literals::operator""s;
  for (const auto& [name, value] : Fields{{"x-crlf", "a\r\nb"},
                                          {"x-cr", "a\rb"},
                                          {"x-lf", "a\nb"},
                                          {"x-nul", "a\0b"s},
                                          {"x-control", "a\x01z"},
                                          {"x name", "v"},
                                          {"x-space ", "v"},
                                          {"x-lead", " v"},
                                          {"", "v"}}) {
    CAPTURE(name);
    // Between the colon and the value there may be white space.
    if (name == "x-lead" && TestType::kVersion == HttpVersion::http11) continue;
    TestType origin;
    const PairCall& call = origin.ask();
    origin.head(204, {{"x-before", "1"}, {name, value}}, true);
    if (TestType::kVersion == HttpVersion::http3) {
      CHECK(call.whole());
      CHECK(call.receiver.head->headers.size() == 1);
    } else {
      CHECK(call.receiver.failed == AbortReason::protocol_error);
      CHECK(call.receiver.calls == 1);
    }
  }
}

// Where nghttp3 finds out, it ends the connection.
TEMPLATE_TEST_CASE("R14, R23, R27: what is not a response fails the request, once", "", H1Origin,
                   H2Origin, H3Origin) {
  struct Row {
    unsigned status;
    Fields fields{};
  };
  std::vector<Row> rows{{99},
                        {101},
                        {600},
                        {200, {{"content-length", "0"}, {"content-length", "0"}}},
                        {200, {{"content-length", "x"}}},
                        {200, {{":status", "200"}}},
                        {200, {{"transfer-encoding", "gzip"}}}};
  if (TestType::kVersion != HttpVersion::http11) {
    for (const unsigned status : {103U, 200U}) {
      for (const std::string name :
           {"connection", "keep-alive", "proxy-connection", "upgrade", "te", "X-Upper", ":path"}) {
        rows.push_back({status, {{name, "x"}}});
      }
    }
  }
  for (const Row& row : rows) {
    CAPTURE(row.status, row.fields);
    TestType origin;
    const PairCall& call = origin.ask();
    origin.head(row.status, row.fields, row.status >= 200);
    CHECK(call.receiver.failed);
    CHECK(call.receiver.calls == 1);
    CHECK(call.receiver.informational.empty());
  }
}
