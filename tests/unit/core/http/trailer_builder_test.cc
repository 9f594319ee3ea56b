#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/message/request_builder.h"
#include "support/words.h"

using namespace troika;

TEST_CASE("trailer fields are kept in order, in lower case") {
  const Limits limits;
  TrailerBuilder builder(limits);
  builder.field("X-Checksum", "abc");
  builder.field("server-timing", " db;dur=5 ");
  CHECK_FALSE(builder.over_limit());
  const HeaderMap trailers = builder.take();
  REQUIRE(trailers.size() == 2);
  CHECK(trailers[0].name == "x-checksum");
  CHECK(trailers[1].value == "db;dur=5");
}

TEST_CASE("fields that frame, route or describe a message are dropped from trailers") {
  const Limits limits;
  TrailerBuilder builder(limits);
  for (const std::string& name : test::words_of(
           "Content-Length transfer-encoding Host Authorization Content-Type Trailer TE Connection "
           "Upgrade Keep-Alive Proxy-Connection Cookie Set-Cookie Content-Encoding Content-Range "
           "Range Expect Cache-Control If-Match If-None-Match If-Range Max-Forwards "
           "WWW-Authenticate Proxy-Authorization :method")) {
    builder.field(name, "x");
  }
  builder.field("bad name", "x");
  builder.field("", "x");
  builder.field("x-bad-value", "a\nb");
  CHECK_FALSE(builder.over_limit());
  CHECK(builder.take().empty());
}

TEST_CASE("R1: what the head named in Connection is dropped from trailers") {
  const Limits limits;
  ConnectionOptions named;
  REQUIRE(named.add("close, X-Hop", limits));
  TrailerBuilder builder(limits, named);
  builder.field("x-HOP", "1");
  builder.field("x-kept", "2");
  const HeaderMap trailers = builder.take();
  CHECK(trailers.size() == 1);
  CHECK(trailers.has("x-kept"));
}

TEST_CASE("trailers may have trailer_count fields and not one more, dropped ones among them") {
  const Limits limits;
  TrailerBuilder builder(limits);
  for (std::size_t i = 0; i < limits.trailer_count; ++i) {
    builder.field(i % 2 == 0 ? "x" : "host", "y");
  }
  CHECK_FALSE(builder.over_limit());
  builder.field("host", "y");
  CHECK(builder.over_limit());
  builder.field("z", "y");
  CHECK_FALSE(builder.take().has("z"));
}

TEST_CASE("trailers may cost trailer_bytes and not one more") {
  const Limits limits;
  const auto over = [&](std::size_t cost) {
    TrailerBuilder builder(limits);
    builder.field("x", std::string(cost - 33, 'v'));
    return builder.over_limit();
  };
  CHECK_FALSE(over(limits.trailer_bytes - 1));
  CHECK_FALSE(over(limits.trailer_bytes));
  CHECK(over(limits.trailer_bytes + 1));
}
