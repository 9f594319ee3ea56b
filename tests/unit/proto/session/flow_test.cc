// Flow control in both directions.
#include <catch2/catch_template_test_macros.hpp>

#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

TEMPLATE_TEST_CASE("an unread upload stops at the stream window and moves on when read", "", H2Pair,
                   H3Pair) {
  constexpr std::size_t kSize = 1'000'000, kFraming = 1000;  // which is read at once
  int jobs = 0;
  BodySource* upload = nullptr;
  Responder* answer = nullptr;
  TestType pair;
  pair.handler.answer = hold(jobs, &answer, &upload);
  const PairCall& call = pair.fetch("/", std::make_unique<PatternBody>(pair.pool, kSize));
  CHECK(pair.uploaded() >= pair.upload_window());
  std::string got;
  while (got.size() < kSize) {
    CHECK(pair.uploaded() < pair.upload_window() + got.size() + kFraming);
    const auto pulled = upload->pull(10'000);
    REQUIRE(pulled);
    REQUIRE(pulled->state == PullState::data);
    got += text_of(pulled->bytes.bytes());
    pair.run();
  }
  CHECK((got == pattern(kSize)));
  CHECK(read_body(*upload, got) == ReadState::end);
  std::ignore = answer->respond({}, nullptr);
  pair.run();
  CHECK(call.whole());
  CHECK(jobs == 0);
}

TEMPLATE_TEST_CASE("an unread download stops at the client's window, others go on, and so does it",
                   "", H2Pair, H3Pair) {
  BodyProbe down;
  TestType pair;
  pair.handler.answer = with_body([&](RequestContext context) {
    BodyProbe* const probe = context.request.target.path == "/unread" ? &down : nullptr;
    return body_of(context.services.pool, pattern(3U << 20U), probe);
  });
  PairCall& unread = pair.start("/unread");
  unread.reads = false;
  pair.run();
  CHECK(down.pulled_bytes >= pair.limits.call_window);
  CHECK(down.pulled_bytes <= (1U << 20U) + TestType::kPulledAhead);
  const PairCall& other = pair.fetch("/other");
  CHECK((other.body == pattern(3U << 20U)));
  unread.reads = true;
  pair.run();
  CHECK((unread.body == pattern(3U << 20U)));
}

TEMPLATE_TEST_CASE("ten stuck readers on one connection do not slow down the eleventh", "", H2Pair,
                   H3Pair) {
  constexpr std::size_t kSize = 2U << 20U;
  const auto turns_of = [](int stuck) {
    TestType pair;
    pair.limits.concurrent_streams = 11;
    pair.handler.answer = with_pattern(kSize);
    for (int i = 0; i < stuck; ++i) pair.start("/").reads = false;
    pair.run();
    CHECK(pair.user->free() == 11U - static_cast<unsigned>(stuck));
    CHECK(pair.pool.outstanding() >= static_cast<unsigned>(stuck) * pair.limits.call_window);
    const PairCall& call = pair.start("/");
    int turns = 0;
    for (; call.state == ReadState::blocked && turns < 10'000; ++turns) pair.step();
    CHECK((call.body == pattern(kSize)));
    return turns;
  };
  CHECK(turns_of(10) <= turns_of(0));
}

TEMPLATE_TEST_CASE("refused uploads leave the connection's window full", "", H2Pair, H3Pair) {
  constexpr int kUploads = 10'000;  // so that 60 bytes lost with each are seen
  int jobs = 0;
  std::vector<BodySource*> uploads(TestType::kVersion == HttpVersion::http2 ? 17 : 10);
  TestType pair;  // its handler responds at once and wants no body
  for (int i = 0; i < kUploads; ++i) {
    const PairCall& call = pair.fetch("/", std::make_unique<PatternBody>(pair.pool, 100U << 10U));
    REQUIRE(call.whole());
    REQUIRE_FALSE(call.receiver.failed);
    pair.calls.clear();
    pair.run();
  }
  CHECK(pair.handler.started == kUploads);
  CHECK(pair.pool.outstanding() == 0);
  // Uploads that nobody reads fill the connection's window: all of it is there.
  for (BodySource*& upload : uploads) {
    pair.handler.answer = hold(jobs, nullptr, &upload);
    pair.fetch("/", std::make_unique<PatternBody>(pair.pool, 100U << 10U));
  }
  std::string held;
  for (BodySource* upload : uploads) std::ignore = read_body(*upload, held);
  // nghttp2 announces consumed bytes by halves of a window: what is not announced yet is room, too.
  CHECK(held.size() >= pair.limits.connection_window / 2);
  CHECK(held.size() <= pair.limits.connection_window);
}
