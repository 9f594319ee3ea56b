// Requests that are small as they are coded and large as they are decoded.
#include "proto/h2/inbound.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "raw_peer.h"

namespace troika::h2 {
namespace {

constexpr std::size_t kField = 2900;  // bytes of a value; with a few more, HPACK's table has it

RawFields with_fields(std::size_t count) {
  RawFields fields = get_fields();
  for (std::size_t i = 0; i < count; ++i) fields.emplace_back("x", std::string(kField, 'a'));
  return fields;
}

TEST_CASE("requests start, and drop their fields, before many others are decoded") {
  OpenPeer peer;
  peer.settle();
  std::size_t most = 0, started = 0;
  peer.handler.answer = [&](const RequestContext& context, Responder& responder) {
    most = std::max(most, peer.host.held.held());
    CHECK(context.request.headers.count("x") == 10);
    CHECK(context.request.headers.get("x") == std::string(kField, 'a'));
    ++started;
    std::ignore = responder.respond({}, nullptr);
    return nullptr;
  };
  const std::size_t before = peer.host.held.held();
  std::string bytes;
  for (std::uint32_t i = 0; i < 100; ++i) bytes += peer.headers(2 * i + 1, with_fields(10));
  REQUIRE(bytes.size() < 8192);
  REQUIRE(peer.send(bytes));
  CHECK(started == 0);
  peer.settle();
  CHECK(started == 100);
  for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(peer.status(2 * i + 1) == "200");
  CHECK(most - before < 4 * Inbound::kFieldsAtOnce);  // strings that grow have twice the room
}

TEST_CASE("the engine pauses above so many bytes of fields, until their requests have started") {
  Account account;
  Inbound inbound(account);
  CHECK_FALSE(inbound.decoded(Inbound::kFieldsAtOnce));
  CHECK(inbound.decoded(1));
  CHECK(inbound.paused());
  inbound.on_started();
  CHECK_FALSE(inbound.decoded(Inbound::kFieldsAtOnce));
}

TEST_CASE("a pause behind the last field of all does not lose its request") {
  OpenPeer peer;
  peer.settle();
  std::string bytes = peer.headers(1, with_fields(10));
  bytes += peer.headers(3, with_fields(10));
  bytes += peer.headers(5, with_fields(3));
  REQUIRE(peer.send(bytes));
  CHECK_FALSE(peer.server->at_rest());
  peer.settle();
  for (const std::uint32_t id : {1U, 3U, 5U}) CHECK(peer.status(id) == "200");
  REQUIRE(peer.handler.requests.size() == 3);
  CHECK(peer.handler.requests.back().headers.count("x") == 3);
}

TEST_CASE("what comes behind requests that wait is read after them") {
  OpenPeer peer;
  std::string bytes;
  for (std::uint32_t i = 0; i < 4; ++i) bytes += peer.headers(2 * i + 1, with_fields(10));
  REQUIRE(peer.send(bytes));
  REQUIRE(peer.send(peer.get(9)));
  SECTION("another request") {
    peer.settle();
    for (std::uint32_t id = 1; id <= 9; id += 2) CHECK(peer.status(id) == "200");
    REQUIRE(peer.handler.requests.size() == 5);
    CHECK(peer.handler.requests.back().headers.empty());
  }
  SECTION("a fault that nghttp2 does not see") {
    REQUIRE(peer.send(frame(kPriority, 0, 0, std::string(5, '\0'))));
    REQUIRE(peer.send(peer.get(11)));
    peer.settle();
    CHECK(peer.goaway_code() == std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
    CHECK(peer.find(kHeaders, 11) == nullptr);
    CHECK(peer.server->interest().finished);
  }
  SECTION("a fault that nghttp2 sees") {
    REQUIRE(peer.send(frame(kData, 0, 0, "x")));
    peer.settle();
    CHECK(peer.goaway_code() == std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  }
  SECTION("the end") {
    peer.server->receive_end(peer.clock.now());
    peer.settle();
    CHECK(peer.server->interest().finished);
    CHECK(peer.count(kHeaders) == 0);
  }
}

}  // namespace
}  // namespace troika::h2
