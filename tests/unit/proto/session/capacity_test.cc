// How much a client session can take, and how long it lives.
#include <catch2/catch_template_test_macros.hpp>

#include "origins.h"
#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kStreams = 3;

template <class Pair>
constexpr std::size_t kMost = Pair::kVersion == HttpVersion::http11 ? 1 : kStreams;

}  // namespace

TEMPLATE_TEST_CASE(
    "as many requests begin as are free, one more is refused, and each end frees one", "", H1Pair,
    H2Pair, H3Pair) {
  int jobs = 0;
  std::vector<Responder*> answers;
  TestType pair;
  pair.limits.concurrent_streams = kStreams;
  pair.handler.answer = [&](RequestContext, Responder& responder) {
    answers.push_back(&responder);
    return std::make_unique<CountedJob>(jobs);
  };
  pair.run();  // the client learns the limit
  CHECK(pair.user->idle());
  for (std::size_t left = kMost<TestType>; left > 0; --left) {
    REQUIRE(pair.user->free() == left);
    CHECK_FALSE(pair.user->full());
    pair.start("/");
    CHECK_FALSE(pair.user->idle());
  }
  CHECK(pair.user->free() == 0);
  CHECK(pair.user->full());
  CHECK_FALSE(pair.user->draining());
  CHECK(refusal(*pair.user) == ErrorCode::unavailable);
  pair.run();
  REQUIRE(answers.size() == kMost<TestType>);
  pair.client_host.take();
  for (std::size_t free = 1; free <= answers.size(); ++free) {
    std::ignore = answers[free - 1]->respond({}, nullptr);
    pair.run();
    CHECK(pair.user->free() == free);
  }
  if constexpr (std::is_base_of_v<BytePair, TestType>) CHECK(pair.client_host.take());
  CHECK(pair.user->idle());
  CHECK(jobs == 0);
  pair.start("/");
}

TEMPLATE_TEST_CASE("a cancelled request frees its place", "", H2Pair, H3Pair) {
  int jobs = 0;
  TestType pair;
  pair.limits.concurrent_streams = kStreams;
  pair.handler.answer = hold(jobs);
  pair.run();
  for (std::uint32_t i = 0; i < kStreams; ++i) pair.start("/");
  pair.run();
  CHECK(pair.user->free() == 0);
  pair.calls.pop_front();
  pair.run();
  CHECK(pair.user->free() == 1);
}

TEMPLATE_TEST_CASE("a session that drains has nothing free", "", H1Pair, H2Pair, H3Pair) {
  int jobs = 0;
  TestType pair;
  pair.handler.answer = hold(jobs);
  pair.fetch("/");
  pair.drain_client();
  CHECK(pair.user->draining());
  CHECK(pair.user->free() == 0);
  CHECK_FALSE(pair.user->idle());
  CHECK(refusal(*pair.user) == ErrorCode::unavailable);
}

TEMPLATE_TEST_CASE("a session without a request is closed after its time, cleanly", "", H1Pair,
                   H2Pair, H3Pair) {
  TestType pair;
  pair.call_services.times.idle = 40s;
  for (const bool asked : {false, true}) {
    CAPTURE(asked);
    if (asked) CHECK(pair.fetch("/").whole());
    pair.run();
    pair.pass_for_client(40s - 1ns);
    CHECK_FALSE(pair.user->draining());
    CHECK(pair.user->free() > 0);
  }
  pair.pass_for_client(1ns);
  CHECK(pair.user->draining() == (TestType::kVersion != HttpVersion::http3));
  CHECK(pair.user->free() == 0);
  CHECK(pair.user->idle());
  REQUIRE(pair.calls.size() == 1);
  CHECK_FALSE(pair.calls.front().receiver.failed);
  if constexpr (std::is_base_of_v<BytePair, TestType>) {
    CHECK(pair.client_finished());
    CHECK_FALSE(pair.client->interest().broken);
    CHECK(pair.client->deadline() == kNever);
  } else {
    CHECK(pair.client->closed == 0x100U);  // H3_NO_ERROR
  }
}

TEMPLATE_TEST_CASE("a request that takes long is not idle", "", H1Pair, H2Pair, H3Pair) {
  int jobs = 0;
  TestType pair;
  pair.call_services.times.idle = 10s;
  pair.handler.answer = hold(jobs);
  const PairCall& call = pair.fetch("/");
  for (int i = 0; i < 5; ++i) pair.pass_for_client(10s);
  CHECK_FALSE(pair.user->draining());
  CHECK_FALSE(call.receiver.failed);
}

TEMPLATE_TEST_CASE("R28: what is above the id of a GOAWAY was not processed, all else goes on", "",
                   H2Origin, H3Origin) {
  TestType origin;
  const PairCall& first = origin.ask();
  const PairCall& second = origin.ask();
  const PairCall& third = origin.ask(Method::post);
  origin.goaway(3);
  CHECK(origin.session().draining());
  CHECK(origin.session().free() == 0);
  CHECK(refusal(origin.session()) == ErrorCode::unavailable);
  for (const PairCall* const call : {&first, &second, &third}) CHECK_FALSE(call->receiver.failure);

  origin.goaway(2);  // RFC 9113 §6.8, RFC 9114 §5.2: it may go down
  REQUIRE(third.receiver.failure);
  CHECK(third.receiver.failure->reason == AbortReason::refused);
  CHECK(third.receiver.failure->replayable);
  CHECK_FALSE(second.receiver.failure);
  CHECK_FALSE(first.receiver.failure);

  origin.back = 1;
  origin.head(200, {}, true);
  CHECK(second.whole());
  CHECK_FALSE(origin.session().idle());
  origin.back = 2;
  origin.head(200, {{"content-length", "2"}});
  origin.data("ok");
  origin.end();
  CHECK(first.whole());
  CHECK(first.body == "ok");
}

TEST_CASE("h3: QUIC keeps a session alive while a request is in flight, and only then") {
  int jobs = 0;
  H3Pair pair;
  pair.handler.answer = hold(jobs);
  pair.run();
  CHECK(pair.client->kept_alive == Duration::zero());
  pair.fetch("/");
  CHECK(pair.client->kept_alive == ClientTimes{}.ping);
  pair.calls.clear();
  pair.run();
  CHECK(pair.client->kept_alive == Duration::zero());
}
