// What our messages say on the wire, whatever their maker puts into them.
#include <catch2/catch_template_test_macros.hpp>

#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::initializer_list<std::string_view> kOfOneConnection{
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};

HeaderMap with_connection_fields() {
  HeaderMap fields;
  for (const std::string_view name : kOfOneConnection) fields.add(name, "chunked");
  fields.add("x-a", "b");
  return fields;
}

}  // namespace

// The other end would refuse them, and in h1 read another message.
TEMPLATE_TEST_CASE("R1, R27: fields of one connection never leave, in requests, 1xx or responses",
                   "", H1Pair, H2Pair, H3Pair) {
  TestType pair;
  pair.handler.answer = [&](RequestContext context, Responder& responder) {
    ResponseHead early;
    early.status = 103;
    early.headers = with_connection_fields();
    std::ignore = responder.inform(early);
    ResponseHead head;
    head.headers = with_connection_fields();
    std::ignore =
        responder.respond(head, scripted(context.services.pool, {BodyStep::data("hello")}, nullptr,
                                         std::nullopt, with_connection_fields()));
    return nullptr;
  };
  Request request = make_request("/");
  request.headers = with_connection_fields();
  PairCall& call = pair.fetch(request);
  REQUIRE(call.whole());
  CHECK(call.body == "hello");
  REQUIRE(call.receiver.informational.size() == 1);
  REQUIRE(call.stream->body().trailers() != nullptr);
  const auto& seen = pair.handler.requests.at(0).headers;
  for (const HeaderMap* const fields : std::initializer_list<const HeaderMap*>{
           &seen, &call.receiver.informational[0].headers, &call.receiver.head->headers,
           call.stream->body().trailers()}) {
    CHECK(fields->get("x-a") == "b");
    for (const std::string_view name : kOfOneConnection) CHECK_FALSE(fields->has(name));
  }
}

TEMPLATE_TEST_CASE("R24: what a request goes to is said once, and a Host beside it does not count",
                   "", H1Pair, H2Pair, H3Pair) {
  TestType pair;
  Request request = make_request("/");
  request.authority = "a.example:8443";
  request.headers.add("host", "b.example");
  REQUIRE(pair.fetch(request).receiver.status() == 200);
  CHECK(pair.handler.requests.at(0).authority == "a.example:8443");
  CHECK_FALSE(pair.handler.requests.at(0).headers.has("host"));
}

TEMPLATE_TEST_CASE("R25: the scheme is that of the connection, and any other is refused", "",
                   H2Pair, H3Pair) {
  for (const auto& [scheme, status] : {std::pair{"https", 200}, std::pair{"http", 400}}) {
    TestType pair;
    Request request = make_request("/");
    request.scheme = scheme;
    CHECK(pair.fetch(request).receiver.status() == status);
  }
}

TEMPLATE_TEST_CASE("R26: the crumbs of a cookie arrive as one", "", H1Pair, H2Pair, H3Pair) {
  TestType pair;
  Request request = make_request("/");
  for (const char* crumb : {"a=1", "b=2", "c=3"}) request.headers.add("cookie", crumb);
  REQUIRE(pair.fetch(request).receiver.status() == 200);
  const HeaderMap& seen = pair.handler.requests.at(0).headers;
  CHECK(seen.count("cookie") == 1);
  CHECK(seen.get("cookie") == "a=1; b=2; c=3");
}

// RFC 9110 §10.1.4, RFC 9113 §8.2.2.
TEMPLATE_TEST_CASE("R3: a request that takes trailers says so, and nothing else of TE", "", H1Pair,
                   H2Pair, H3Pair) {
  for (const char* value : {"trailers", "gzip", "trailers, deflate;q=0.5", ""}) {
    TestType pair;
    Request request = make_request("/");
    request.headers.add("te", value);
    request.headers.add("te", "trailers");
    CHECK(pair.fetch(request).receiver.status() == 200);
    CHECK_FALSE(pair.handler.requests.at(0).headers.has("te"));  // it is for us alone
  }
}
