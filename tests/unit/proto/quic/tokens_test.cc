#include "proto/quic/tokens.h"
#include "proto/quic/cid.h"
#include "quic_world.h"

namespace troika::test {
namespace {

using quic::Token;
using Verdict = quic::TokenCheck::Verdict;

const Address kClient = Address::v4(0x0a000100, 40000);

ngtcp2_cid id_of(std::uint8_t byte) {
  ngtcp2_cid id{};
  id.datalen = quic::kOwnIdBytes;
  std::ranges::fill(std::span(id.data).first(id.datalen), byte);
  return id;
}

// Initial packets with a token: the one that began, and the one after its Retry.
ngtcp2_pkt_hd initial(const ngtcp2_cid& dcid, std::span<const std::uint8_t> token = {}) {
  ngtcp2_pkt_hd head{};
  head.version = NGTCP2_PROTO_VER_V1;
  head.dcid = dcid;
  head.token = token.data();
  head.tokenlen = token.size();
  return head;
}

struct Sealed {
  sim::SimClock clock;
  quic::Tokens tokens{endpoint_config(), clock};
  Token retry = tokens.for_retry(kClient, initial(id_of(1)), id_of(2));
  Token new_token = tokens.for_new_token(kClient, NGTCP2_PROTO_VER_V1);

  Verdict of_retry(std::span<const std::uint8_t> token, const Address& from = kClient) const {
    return tokens.check(from, initial(id_of(2), token)).verdict;
  }
  Verdict of_new_token(std::span<const std::uint8_t> token, const Address& from = kClient) const {
    return tokens.check(from, initial(id_of(3), token)).verdict;
  }
};

TEST_CASE("A Retry's token proves an address and tells the id that the client began with") {
  Sealed s;
  const auto check = s.tokens.check(kClient, initial(id_of(2), s.retry.view()));
  CHECK(check.verdict == Verdict::retry);
  const ngtcp2_cid original = id_of(1);
  CHECK(ngtcp2_cid_eq(&check.original, &original) != 0);
  CHECK(s.of_retry({}) == Verdict::none);
  // With an id that no Retry gave out it cannot be read.
  CHECK(s.tokens.check(kClient, initial(id_of(9), s.retry.view())).verdict == Verdict::none);
}

TEST_CASE("A Retry's token holds as long as a handshake may take, one of NEW_TOKEN for a day") {
  Sealed s;
  const TimePoint start = s.clock.now();
  s.clock.advance_to(start + 20s - 1ns);
  CHECK(s.of_retry(s.retry.view()) == Verdict::retry);
  s.clock.advance_to(start + 20s);
  CHECK(s.of_retry(s.retry.view()) == Verdict::refused);
  s.clock.advance_to(start + 24h - 1ns);
  CHECK(s.of_new_token(s.new_token.view()) == Verdict::new_token);
  s.clock.advance_to(start + 24h);
  CHECK(s.of_new_token(s.new_token.view()) == Verdict::none);
}

TEST_CASE("A Retry's token proves address and port, one of NEW_TOKEN the address alone") {
  const Sealed s;
  const Address six = *Address::parse("[2001:db8::1]:40000");
  struct Row {
    Address made_for, used_from;
    Verdict retry, new_token;
  };
  for (const Row& row :
       {Row{kClient, kClient, Verdict::retry, Verdict::new_token},
        {kClient, with_port(kClient, 40001), Verdict::refused, Verdict::new_token},
        {kClient, Address::v4(0x0a000101, 40000), Verdict::refused, Verdict::none},
        {kClient, *Address::parse("[::1]:40000"), Verdict::refused, Verdict::none},
        {six, six, Verdict::retry, Verdict::new_token},
        {six, *Address::parse("[2001:db8::2]:40000"), Verdict::refused, Verdict::none}}) {
    CAPTURE(row.made_for.text(), row.used_from.text());
    const Token retry = s.tokens.for_retry(row.made_for, initial(id_of(1)), id_of(2));
    const Token new_token = s.tokens.for_new_token(row.made_for, NGTCP2_PROTO_VER_V1);
    CHECK(s.of_retry(retry.view(), row.used_from) == row.retry);
    CHECK(s.of_new_token(new_token.view(), row.used_from) == row.new_token);
  }
}

TEST_CASE("A token with any one bit flipped, or of any other length, proves nothing") {
  Sealed s;
  for (const Token& good : {s.retry, s.new_token}) {
    for (std::size_t bit = 0; bit < 8 * good.size; ++bit) {
      Token token = good;
      token.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      INFO("bit " << bit);
      REQUIRE(s.of_retry(token.view()) == Verdict::none);
    }
    for (std::size_t size = 0; size < good.size; ++size) {
      REQUIRE(s.of_retry(good.view().first(size)) == Verdict::none);
    }
    std::vector<std::uint8_t> longer(good.view().begin(), good.view().end());
    while (longer.size() < 1100) {
      longer.push_back(0);
      REQUIRE(s.of_retry(longer) == Verdict::none);
    }
  }
}

TEST_CASE("Random bytes behind either kind's first byte prove nothing") {
  Sealed s;
  SeededRandom random(7);
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint8_t> token(1 + random.below(120));
    random.fill(std::as_writable_bytes(std::span(token)));
    token[0] = i % 2 == 0 ? NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2 : NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR;
    REQUIRE(s.of_retry(token) == Verdict::none);
  }
}

TEST_CASE("Tokens follow from the secret: good at every worker that has it, and nowhere else") {
  Sealed s;
  auto config = of_worker(1, 2);
  const quic::Tokens neighbour(config, s.clock);
  CHECK(neighbour.check(kClient, initial(id_of(2), s.retry.view())).verdict == Verdict::retry);
  CHECK(neighbour.check(kClient, initial(id_of(3), s.new_token.view())).verdict ==
        Verdict::new_token);
  config.secret[0] ^= std::byte{1};
  const quic::Tokens stranger(config, s.clock);
  CHECK(stranger.check(kClient, initial(id_of(2), s.retry.view())).verdict == Verdict::none);
  CHECK(stranger.check(kClient, initial(id_of(3), s.new_token.view())).verdict == Verdict::none);
}

TEST_CASE("A token of one version proves nothing in the other") {
  Sealed s;
  constexpr std::uint32_t kVersions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
  for (const std::uint32_t made : kVersions) {
    ngtcp2_pkt_hd first = initial(id_of(1));
    first.version = made;
    const Token retry = s.tokens.for_retry(kClient, first, id_of(2));
    const Token new_token = s.tokens.for_new_token(kClient, made);
    for (const std::uint32_t used : kVersions) {
      ngtcp2_pkt_hd second = initial(id_of(2), retry.view());
      second.version = used;
      CHECK(s.tokens.check(kClient, second).verdict ==
            (made == used ? Verdict::retry : Verdict::none));
      second.token = new_token.bytes.data();
      second.tokenlen = new_token.size;
      CHECK(s.tokens.check(kClient, second).verdict ==
            (made == used ? Verdict::new_token : Verdict::none));
    }
  }
}

TEST_CASE("The secret itself opens no token: it is not the key") {
  Sealed s;
  const auto secret = endpoint_config().secret;
  CHECK(ngtcp2_crypto_verify_regular_token(s.new_token.bytes.data(), s.new_token.size,
                                           reinterpret_cast<const std::uint8_t*>(secret.data()),
                                           secret.size(), kClient.get(), kClient.size(),
                                           NGTCP2_SECONDS, 0) != 0);
}

}  // namespace
}  // namespace troika::test
