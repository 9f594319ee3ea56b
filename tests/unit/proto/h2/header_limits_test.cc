// What a field section may hold: each bound at n and at n + 1, on frames written by hand.
#include <catch2/catch_test_macros.hpp>

#include "raw_peer.h"

namespace troika::h2 {
namespace {

constexpr std::uint32_t kProtocolError = 1, kEnhanceYourCalm = 11;

std::size_t cost(const RawFields& fields) {
  std::size_t sum = 0;
  for (const auto& [name, value] : fields) sum += name.size() + value.size() + 32;
  return sum;
}

// The fields, and one more that brings their cost to `bytes`.
RawFields padded_to(RawFields fields, std::size_t bytes) {
  fields.emplace_back("x-pad", "");
  fields.back().second.assign(bytes - cost(fields), 'p');
  return fields;
}

TEST_CASE("a header list of exactly the limit is served and one byte more is 431") {
  OpenPeer peer;
  std::ignore = peer.send(peer.headers(1, padded_to(get_fields(), peer.limits.header_list_bytes)));
  std::ignore =
      peer.send(peer.headers(3, padded_to(get_fields(), peer.limits.header_list_bytes + 1)));
  peer.settle();
  CHECK(peer.status(1) == "200");
  CHECK(peer.status(3) == "431");
  CHECK(peer.ended(3));
  CHECK(peer.handler.started == 1);
  CHECK_FALSE(peer.goaway_code());
}

// One field of 2900 bytes is the first entry of the table, 62; then a byte each names it again.
std::string bomb(OpenPeer& peer, std::size_t references) {
  return peer.block(get_fields()) + std::string(references, static_cast<char>(0xbe));
}
void fill_table(OpenPeer& peer) {
  RawFields fields = get_fields();
  fields.emplace_back("x-bomb", std::string(2900, 'b'));
  peer.exchange(peer.headers(1, fields));
}

TEST_CASE("a header bomb of references is not decoded, and the connection goes on") {
  OpenPeer peer;
  fill_table(peer);
  peer.exchange(frame(kHeaders, kEndHeaders | kEndStream, 3, bomb(peer, 12'000)));
  CHECK(peer.status(1) == "200");
  CHECK(peer.reset_code(3) == kEnhanceYourCalm);
  CHECK(peer.count(kRstStream) == 1);
  CHECK(peer.handler.started == 1);
  std::ignore = peer.send(peer.get(5));  // the table is in step
  peer.settle();
  CHECK(peer.status(5) == "200");
}

TEST_CASE("the third request with too many fields ends the connection") {
  for (const std::size_t references : {12U, 30U}) {  // above the limit, and twice above it
    CAPTURE(references);
    OpenPeer peer;
    fill_table(peer);
    for (const std::uint32_t id : {3U, 5U}) {
      peer.exchange(frame(kHeaders, kEndHeaders | kEndStream, id, bomb(peer, references)));
      if (references == 12) CHECK(peer.status(id) == "431");
      if (references == 30) CHECK(peer.reset_code(id) == kEnhanceYourCalm);
    }
    peer.exchange(peer.get(7));
    CHECK(peer.status(7) == "200");
    CHECK_FALSE(peer.goaway_code());
    peer.exchange(frame(kHeaders, kEndHeaders | kEndStream, 9, bomb(peer, references)));
    CHECK(peer.goaway_code() == kEnhanceYourCalm);
    CHECK(peer.server->interest().finished);
    CHECK(peer.services.misconduct.ended == 1);
  }
}

TEST_CASE("a section of twice the limit as it is coded is skipped, one byte more ends it all") {
  for (const std::size_t over : {0U, 1U}) {
    CAPTURE(over);
    OpenPeer peer;
    fill_table(peer);
    const std::size_t most = 2 * peer.limits.header_list_bytes;
    const std::string begin = peer.block(get_fields());
    const std::string block =
        begin + std::string(most + over - begin.size(), static_cast<char>(0xbe));
    std::string bytes = frame(kHeaders, kEndStream, 3, block.substr(0, 16384));
    for (std::size_t at = 16384; at < block.size(); at += 16384) {
      const bool last = at + 16384 >= block.size();
      bytes +=
          frame(kContinuation, last ? kEndHeaders : std::uint8_t{0}, 3, block.substr(at, 16384));
    }
    CHECK(peer.send(bytes).has_value() == (over == 0));
    peer.settle();
    CHECK(peer.goaway_code() == (over == 0 ? std::nullopt : std::optional(kEnhanceYourCalm)));
    if (over == 0) CHECK(peer.reset_code(3) == kEnhanceYourCalm);
  }
}

TEST_CASE("trailers are decoded to twice their limit, and reset above it") {
  for (const std::size_t references : {5U, 6U, 2000U}) {
    CAPTURE(references);
    int jobs = 0;
    OpenPeer peer;
    fill_table(peer);
    peer.handler.answer = test::hold(jobs);
    peer.exchange(peer.headers(3, post_fields(), false));
    REQUIRE(jobs == 1);
    peer.exchange(frame(kHeaders, kEndHeaders | kEndStream, 3,
                        std::string(references, static_cast<char>(0xbe))));
    CHECK(peer.reset_code(3) == kEnhanceYourCalm);
    CHECK(peer.count(kRstStream) == 1);
    CHECK(jobs == 0);
    REQUIRE(peer.observer.entries.size() == 2);
    CHECK(peer.observer.entries[1].aborted == AbortReason::over_limit);
    CHECK_FALSE(peer.goaway_code());
  }
}

TEST_CASE("a field section that does not end has a deadline from its first byte, trailers too") {
  for (const bool trailers : {false, true}) {
    for (const bool skipped : {false, true}) {  // nghttp2 decodes it for its table alone
      CAPTURE(trailers, skipped);
      int jobs = 0;
      OpenPeer peer;
      fill_table(peer);
      peer.handler.answer = test::hold(jobs);
      if (trailers) peer.exchange(peer.headers(3, post_fields(), false));
      const std::string begin = trailers ? std::string{} : peer.block(get_fields());
      const std::string part = begin + std::string(skipped ? 40 : 1, static_cast<char>(0xbe));
      peer.exchange(frame(kHeaders, kEndStream, 3, part));
      peer.clock.advance(peer.timeouts.header_block - std::chrono::milliseconds(1));
      peer.exchange(frame(kContinuation, 0, 3));  // no reason to wait longer
      CHECK_FALSE(peer.goaway_code());
      peer.clock.advance(std::chrono::milliseconds(1));
      CHECK(peer.server->deadline() <= peer.clock.now());
      peer.server->on_deadline(peer.clock.now());
      peer.settle();
      CHECK(peer.goaway_code() == kProtocolError);
    }
  }
}

TEST_CASE("the end of a skipped field section ends its deadline") {
  OpenPeer peer;
  fill_table(peer);
  peer.exchange(frame(kHeaders, kEndStream, 3, bomb(peer, 40)));
  peer.exchange(frame(kContinuation, kEndHeaders, 3));
  peer.clock.advance(2 * peer.timeouts.header_block);
  CHECK(peer.server->deadline() > peer.clock.now());
}

TEST_CASE("a request whose rest is wrong after the whole response spoils nothing") {
  for (const bool by_trailers : {false, true}) {
    OpenPeer peer;
    RawFields fields = post_fields();
    fields.emplace_back("content-length", "1000");
    peer.exchange(peer.headers(1, fields, false));
    CHECK(peer.ended(1));
    peer.exchange(by_trailers ? peer.headers(1, {{":path", "/"}})
                              : frame(kData, kEndStream, 1, "too short"));
    REQUIRE(peer.observer.entries.size() == 1);
    CHECK(peer.observer.entries[0].aborted == AbortReason::none);
    peer.exchange(peer.get(3));
    CHECK(peer.status(3) == "200");
  }
}

TEST_CASE("a refused upload is answered, then stopped with NO_ERROR") {
  OpenPeer peer;
  peer.exchange(
      peer.headers(1, padded_to(post_fields(), peer.limits.header_list_bytes + 1), false));
  CHECK(peer.status(1) == "431");
  CHECK(peer.ended(1));
  CHECK_FALSE(peer.reset_code(1));
  peer.clock.advance(peer.timeouts.linger);
  peer.server->on_deadline(peer.clock.now());
  peer.settle();
  CHECK(peer.reset_code(1) == 0U);
  CHECK(peer.observer.entries.size() == 1);
}

TEST_CASE("eight CONTINUATION frames make a request and nine end the connection") {
  for (const int count : {8, 9}) {
    CAPTURE(count);
    OpenPeer peer;
    const std::string block = peer.block(get_fields());
    std::string bytes = frame(kHeaders, kEndStream, 1, block);
    for (int i = 1; i < count; ++i) bytes += frame(kContinuation, 0, 1);
    bytes += frame(kContinuation, kEndHeaders, 1);
    const Status status = peer.send(bytes);
    peer.settle();
    if (count == 8) {
      CHECK(status);
      CHECK(peer.status(1) == "200");
    } else {
      CHECK_FALSE(status);
      CHECK(peer.goaway_code());
      CHECK(peer.server->interest().finished);
      CHECK(peer.handler.started == 0);
    }
  }
}

TEST_CASE("malformed requests are reset or refused, and never served") {
  const auto with = [](RawFields more) {
    RawFields fields = get_fields();
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  const auto path = [](std::string text) { return get_fields(std::move(text)); };
  const std::vector<RawFields> all{
      with({{"X-Upper", "v"}}),
      with({{"connection", "close"}}),
      with({{"transfer-encoding", "chunked"}}),
      with({{"upgrade", "h2c"}}),
      with({{"te", "gzip"}}),
      with({{"x-crlf", "a\r\nb"}}),
      with({{"x-nul", std::string("a\0b", 3)}}),
      with({{"x name", "v"}}),
      with({{"", "v"}}),
      with({{"content-length", "5"}}),
      with({{"content-length", "0"}, {"content-length", "0"}}),
      with({{"content-length", "+0"}}),
      with({{"host", "other.test"}}),
      with({{"host", "a.test"}, {"host", "a.test"}}),
      with({{":path", "/again"}}),
      with({{":late", "pseudo"}}),
      with({{":protocol", "websocket"}}),
      path(""),
      path("no-slash"),
      path("/a b"),
      path("/a#b"),
      path("/a\xe4"),
      path("/%zz"),
      path("/%2e%2e/%2e%2e/etc/passwd"),
      path("*"),
      path("https://a.test/"),
      {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}},
      {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.test"}},
      {{":scheme", "https"}, {":authority", "a.test"}, {":path", "/"}},
      {{":method", "GET"}, {":authority", "a.test"}, {":path", "/"}},
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a.test"}, {":path", "/"}},
      {{":method", "GET"}, {":scheme", "https"}, {":authority", "u@a.test"}, {":path", "/"}},
      {{":method", "GET"}, {":scheme", "https"}, {":authority", "a,b"}, {":path", "/"}},
      {{":method", "CONNECT"}, {":authority", "a.test:443"}},
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    OpenPeer peer;
    peer.exchange(peer.headers(1, all[i]));
    CHECK(peer.handler.started == 0);
    const std::string status = peer.status(1);
    CHECK((peer.reset_code(1) || peer.goaway_code() || status[0] == '4' || status[0] == '5'));
    if (peer.goaway_code()) continue;
    peer.exchange(peer.get(3));
    CHECK(peer.status(3) == "200");
    CHECK(peer.pool.outstanding() == 0);
  }
}

// RFC 9113 §8.1: trailers end the stream.
TEST_CASE("trailers that do not end their stream are malformed, and its work is cancelled") {
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = test::hold(jobs);
  peer.exchange(peer.headers(1, post_fields(), false) + frame(kData, 0, 1, "x"));
  CHECK(jobs == 1);
  peer.exchange(peer.headers(1, {{"x-sum", "42"}}, false));
  CHECK(peer.reset_code(1) == kProtocolError);
  CHECK(jobs == 0);
  CHECK_FALSE(peer.goaway_code());
  peer.handler.answer = nullptr;
  peer.exchange(peer.get(3));
  CHECK(peer.status(3) == "200");
}

TEST_CASE("a body that is not what Content-Length says is a protocol error of its stream") {
  for (const std::string_view body : {"1234", "123456"}) {
    int jobs = 0;
    OpenPeer peer;
    peer.handler.answer = test::hold(jobs);
    RawFields fields = post_fields();
    fields.emplace_back("content-length", "5");
    peer.exchange(peer.headers(1, fields, false));
    CHECK(jobs == 1);
    peer.exchange(frame(kData, kEndStream, 1, body));
    CHECK(peer.reset_code(1) == kProtocolError);
    CHECK(jobs == 0);
    CHECK(peer.observer.entries.at(0).aborted == AbortReason::protocol_error);
    // All in one read: the handler does not even start.
    peer.exchange(peer.headers(3, fields, false) + frame(kData, kEndStream, 3, body));
    CHECK(peer.reset_code(3) == kProtocolError);
    CHECK(peer.handler.started == 1);
  }
}

}  // namespace
}  // namespace troika::h2
