#include <numeric>

#include "base/random.h"
#include "proto/quic/cid.h"
#include "proto/quic/stateless_replies.h"
#include "quic_world.h"

namespace troika::test {
namespace {

using quic::ConnectionId;

TEST_CASE("SipHash gives the reference values") {
  // Key 00..0f and messages 00.. of 0, 1, 8 and 15 bytes, from the reference implementation.
  constexpr quic::SipKey kKey{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  std::array<std::uint8_t, 15> message{};
  std::iota(message.begin(), message.end(), std::uint8_t{0});
  const auto hash = [&](std::size_t size) {
    return quic::SipHash::of(kKey, std::span(message).first(size));
  };
  CHECK(hash(0) == 0x726fdb47dd0e0e31U);
  CHECK(hash(1) == 0x74f839c593dc67fdU);
  CHECK(hash(8) == 0x93f5f5799a932462U);
  CHECK(hash(15) == 0xa129ca6149be45e5U);
}

TEST_CASE("The table of ids keeps one connection for each id, of any length") {
  SeededRandom random(1);
  quic::CidTable<int> table(random);
  int a = 0, b = 0;
  const std::array<std::uint8_t, 20> bytes{};
  const std::span<const std::uint8_t> all(bytes);
  const ConnectionId short_id(all.first(8));
  const ConnectionId long_id(all);
  CHECK(table.insert(short_id, a));
  CHECK(table.insert(long_id, b));
  CHECK_FALSE(table.insert(short_id, b));
  CHECK(table.find(short_id) == &a);
  CHECK(table.find(long_id) == &b);
  table.erase(short_id);
  CHECK(table.find(short_id) == nullptr);
  CHECK(table.size() == 1);
}

TEST_CASE("Ids of a worker keep their remainder for every number of workers") {
  SeededRandom random(1);
  for (unsigned workers : {1U, 2U, 3U, 64U, 200U, 255U}) {
    const auto config =
        of_worker(static_cast<std::uint8_t>(workers - 1), static_cast<std::uint8_t>(workers));
    quic::IdFactory ids(config, random);
    for (int i = 0; i < 500; ++i) {
      const ngtcp2_cid id = ids.make();
      REQUIRE(id.datalen == 12);
      REQUIRE(id.data[0] % workers == workers - 1);
      REQUIRE(ids.worker_of({id.data, id.datalen}) == config.worker);
    }
  }
}

TEST_CASE("Reset tokens follow from secret, machine and id alone, and differ between ids") {
  SeededRandom random(1);
  auto config = endpoint_config();
  quic::IdFactory ids(config, random), again(config, random);
  const ngtcp2_cid a = ids.make(), b = ids.make();
  const auto token = [](const ngtcp2_stateless_reset_token& t) {
    return std::vector(std::begin(t.data), std::end(t.data));
  };
  CHECK(token(ids.token_of(a)) == token(again.token_of(a)));
  CHECK(token(ids.token_of(a)) != token(ids.token_of(b)));
  auto other_secret = config;
  other_secret.secret[0] ^= std::byte{1};
  CHECK(token(ids.token_of(a)) != token(quic::IdFactory(other_secret, random).token_of(a)));
  config.machine = "other";
  CHECK(token(ids.token_of(a)) != token(quic::IdFactory(config, random).token_of(a)));
}

TEST_CASE("A rate of n lets n pass in a second and not n + 1") {
  quic::RateLimiter rate(2);
  const TimePoint start{5s};
  CHECK(rate.take(start));
  CHECK(rate.take(start + 999ms));
  CHECK_FALSE(rate.take(start + 999ms));
  CHECK(rate.take(start + 1s));
  CHECK_FALSE(quic::RateLimiter(0).take(start));
}

TEST_CASE("Stateless replies wait in bounded number") {
  struct Sink final : DatagramSink {
    std::size_t sent = 0;
    SendOutcome send(const Datagram&) override {
      ++sent;
      return SendOutcome::sent;
    }
  } sink;
  SeededRandom random(1);
  const auto config = endpoint_config([](auto& c) { c.resets_per_second = 100000; });
  quic::IdFactory ids(config, random);
  quic::StatelessReplies replies(config, random, ids);
  quic::SendBuffer out(sink, 2000);
  const std::array<std::byte, 100> packet{};
  const Datagram from{.local = Address::v4(1, 1), .remote = Address::v4(2, 2), .bytes = packet};
  const std::array<std::uint8_t, 12> id{};
  for (std::size_t i = 0; i < quic::StatelessReplies::kMostWaiting; ++i) {
    REQUIRE(replies.stateless_reset(from, id, TimePoint{}));
  }
  CHECK_FALSE(replies.stateless_reset(from, id, TimePoint{}));
  replies.flush(out);
  CHECK(sink.sent == quic::StatelessReplies::kMostWaiting);
  CHECK(replies.empty());
  CHECK(replies.stateless_reset(from, id, TimePoint{}));
}

}  // namespace
}  // namespace troika::test
