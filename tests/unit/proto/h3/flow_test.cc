// Windows, acknowledgements and the memory that waits for them.
#include "h3_pair.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("h3: bytes that are not acknowledged are held up to the limit, and not one more") {
  const std::size_t limit = 24U * 4096;
  for (const std::size_t size : {limit, limit + 1}) {
    H3Pair pair;
    pair.limits.retained_bytes = limit;
    pair.handler.answer = with_pattern(size);
    pair.open();
    pair.client->hold_acks = true;  // the client has the bytes, the server does not know it
    const PairCall& call = pair.fetch("/");
    CHECK(call.body.size() == limit);
    CHECK((call.state == ReadState::end) == (size == limit));

    pair.client->release_acks();
    pair.run();
    CHECK(call.state == ReadState::end);
    CHECK((call.body == pattern(size)));
    CHECK(pair.pool.outstanding() == 0);
    CHECK(pair.server->unacked_bytes == 0);
  }
}

TEST_CASE("h3: the limit on unacknowledged bytes holds for all streams together") {
  H3Pair pair;
  const std::size_t limit = 48U * 4096;
  pair.limits.retained_bytes = limit;
  pair.handler.answer = with_pattern(128U << 10U);
  pair.open();
  pair.client->hold_acks = true;
  const PairCall& first = pair.start("/1");
  const PairCall& second = pair.fetch("/2");
  CHECK(first.body.size() + second.body.size() == limit);
  CHECK(pair.pool.outstanding() == limit);
  pair.client->release_acks();
  pair.run();
  CHECK((first.body == pattern(128U << 10U)));
  CHECK((second.body == pattern(128U << 10U)));
}

TEST_CASE("h3: a slab counts as a whole, however little of it is sent") {
  H3Pair pair;
  pair.limits.retained_bytes = 16U * 4096;
  pair.handler.answer = with_steps(std::vector<BodyStep>(17, BodyStep::data("x")));
  pair.open();
  pair.client->hold_acks = true;
  const PairCall& call = pair.fetch("/");
  CHECK(call.body.size() == 16);
  CHECK(pair.pool.outstanding() == pair.limits.retained_bytes);
  pair.client->release_acks();
  pair.run();
  CHECK(call.body.size() == 17);
}

TEST_CASE("h3: streams whose reader has paused leave room for others") {
  H3Pair pair;
  pair.handler.answer = with_pattern(1U << 20U);
  pair.open();
  for (int i = 0; i < 99; ++i) {
    PairCall& call = pair.start("/");
    call.reads = false;
    pair.run();
    REQUIRE(call.receiver.status() == 200);
    REQUIRE(pair.server->unacked_bytes < pair.limits.retained_bytes);
  }
  CHECK(pair.fetch("/").body == pattern(1U << 20U));
}

TEST_CASE("h3: bytes that wait for acknowledgement outlive the exchange, not the stream") {
  H3Pair pair;
  pair.handler.answer = with_pattern(50'000);
  pair.open();
  pair.client->hold_acks = true;
  pair.fetch("/");
  CHECK(pair.pool.outstanding() > 0);
  pair.server->receive_stop_sending(0, 0x10c);  // the client resets: QUIC closes the stream
  pair.client->release_acks();
  pair.run();
  CHECK(pair.server->streams.at(0).closed);
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("h3: STOP_SENDING waits while the response does") {
  H3Pair pair;
  BodyProbe answer;
  pair.handler.answer =
      with_steps({BodyStep::data("a"), BodyStep::blocked(), BodyStep::data("b")}, &answer);
  pair.open();
  pair.fetch("/", scripted(pair.pool, {BodyStep::data("x"), BodyStep::blocked()}));
  pair.pass(pair.timeouts.linger);
  CHECK_FALSE(pair.server->streams.at(0).stop_sent.has_value());
  answer.release();
  pair.run();
  pair.pass(pair.timeouts.linger);
  CHECK(pair.server->streams.at(0).stop_sent == 0x100);
}

TEST_CASE("h3: a response that is not acknowledged is reset after the write timeout") {
  H3Pair pair;
  pair.handler.answer = with_pattern(4U << 20U);
  pair.open();
  pair.client->hold_acks = true;
  PairCall& call = pair.start("/");
  call.reads = false;
  pair.run();
  pair.pass(pair.exchange_timeouts.write_progress - std::chrono::milliseconds(1));
  CHECK_FALSE(pair.server->streams.at(0).reset_sent.has_value());
  pair.pass(std::chrono::milliseconds(1));
  CHECK(pair.server->streams.at(0).reset_sent == 0x10c);  // H3_REQUEST_CANCELLED
  pair.client->release_acks();
  pair.run();
  REQUIRE(pair.observer.entries.size() == 1);
  CHECK(pair.observer.entries[0].aborted == AbortReason::timeout);
}

TEST_CASE("h3: content is pulled only once its stream has credit for it") {
  H3Pair pair;
  pair.handler.answer = with_pattern(100'000);
  pair.open();
  pair.server->stream(0).send_limit = 0;
  const PairCall& call = pair.fetch("/");
  CHECK(pair.pool.outstanding() == 0);
  CHECK_FALSE(call.receiver.head);
  pair.server->receive_stream_credit(0, 5000);
  pair.run();
  CHECK(call.receiver.status() == 200);
  CHECK((call.body == pattern(100'000)));
}
