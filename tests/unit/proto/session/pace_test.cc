// A body has to move at a least rate, whichever way it goes, and the peer answers for its own time
// alone.
#include <catch2/catch_template_test_macros.hpp>

#include "unit/proto/h1/pair.h"
#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kBody = 2U << 20U;
constexpr Duration kMuch = 2h;  // many times what uses up the patience

struct Row {
  std::uint32_t least;
  int hundredths;
  bool ends;
};
const std::vector<Row> kRows{{240, 102, true}, {240, 98, false}, {0, 102, false}};

// Reads what comes at once, and never responds.
class Reading final : public Job, private Waker {
 public:
  Reading(BodySource& body, std::uint64_t& bytes) : body_(body), bytes_(bytes) {
    body_.set_waker(this);
    wake();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  void wake() noexcept override {
    std::string text;
    std::ignore = read_body(body_, text);
    bytes_ += text.size();
  }
  BodySource& body_;
  std::uint64_t& bytes_;
};

template <class Pair>
void in_small_pieces(Pair& pair) {
  pair.in_pieces_of(1000);
  if constexpr (std::is_same_v<Pair, H3Pair>) pair.client->burst = pair.server->burst = 1000;
}

template <class Pair>
void set_rate(Pair& pair, std::uint32_t least) {
  ExchangeTimeouts timeouts;
  timeouts.least_rate = least;
  pair.services.snapshot = make_ref<Snapshot>(pair.handler, timeouts);
}

// Moves some bytes at a time, each in so many hundredths of what it takes at 240 bytes a second.
// The time until the server has ended a request, or about `kMuch`.
template <class Pair, class Moved>
Duration run_at(Pair& pair, int hundredths, Moved moved) {
  const TimePoint begin = pair.clock.now();
  std::uint64_t before = moved();
  pair.step();
  while (pair.observer.entries.empty() && pair.clock.now() - begin < kMuch) {
    const std::uint64_t bytes = moved() - before;
    before += bytes;
    const Duration time = Duration(1s) / 24'000 * hundredths * static_cast<std::int64_t>(bytes);
    for (Duration left = time + 1ms; left > 0ns; left -= 1s)
      pair.advance(std::min<Duration>(left, 1s));
    pair.step();
    for (PairCall& call : pair.calls) {
      if (call.receiver.status() == 408) return pair.clock.now() - begin;
    }
  }
  return pair.clock.now() - begin;
}

}  // namespace

TEMPLATE_TEST_CASE("an upload below the least rate is answered 408, one above it goes on", "",
                   H1Pair, H2Pair, H3Pair) {
  for (const Row& row : kRows) {
    CAPTURE(row.least, row.hundredths);
    std::uint64_t bytes = 0;
    TestType pair;
    set_rate(pair, row.least);
    pair.handler.answer = [&](RequestContext context, Responder&) {
      return std::make_unique<Reading>(context.body, bytes);
    };
    pair.open();
    in_small_pieces(pair);
    const PairCall& call = pair.start("/", std::make_unique<PatternBody>(pair.pool, kBody));
    const Duration time = run_at(pair, row.hundredths, [&] { return bytes; });
    CHECK((call.receiver.status() == 408) == row.ends);
    CHECK((time < kMuch) == row.ends);
    CHECK(time > pair.exchange_timeouts.body_progress * 10);
  }
}

namespace {

template <class Pair>
void check_ended(const Pair& pair, const Row& row, std::size_t calls, Duration time) {
  CHECK((time < kMuch) == row.ends);
  CHECK(time > pair.exchange_timeouts.write_progress * 10);
  CHECK(pair.observer.entries.size() == (row.ends ? calls : 0));
  for (const auto& entry : pair.observer.entries) CHECK(entry.aborted == AbortReason::timeout);
}

}  // namespace

TEMPLATE_TEST_CASE("a download that leaves below the least rate is cut, one above it goes on", "",
                   H1Pair, H2Pair, H3Pair) {
  for (const Row& row : kRows) {
    CAPTURE(row.least, row.hundredths);
    TestType pair;
    set_rate(pair, row.least);
    pair.handler.answer = with_pattern(kBody);
    pair.open();
    in_small_pieces(pair);
    const PairCall& call = pair.start("/");
    const Duration time = run_at(pair, row.hundredths, [&] { return call.body.size(); });
    check_ended(pair, row, 1, time);
  }
}

TEMPLATE_TEST_CASE("a download whose window opens below the least rate is cut", "", H2Pair,
                   H3Pair) {
  for (const Row& row : kRows) {
    CAPTURE(row.least, row.hundredths);
    TestType pair;
    pair.limits.call_window = 4000;
    set_rate(pair, row.least);
    pair.handler.answer = with_pattern(kBody);
    PairCall& call = pair.start("/");
    call.reads = false;
    pair.run();
    std::uint64_t bytes = 0;
    const Duration time = run_at(pair, row.hundredths, [&] {
      if (const auto pulled = call.stream->body().pull(500)) bytes += pulled->bytes.size();
      return bytes;
    });
    check_ended(pair, row, 1, time);
  }
}

TEMPLATE_TEST_CASE("the time in which a handler does not read is not the client's", "", H1Pair,
                   H2Pair, H3Pair) {
  int jobs = 0;
  BodySource* upload = nullptr;
  TestType pair;
  pair.handler.answer = hold(jobs, nullptr, &upload);
  const PairCall& call = pair.fetch("/", std::make_unique<PatternBody>(pair.pool, kBody));
  for (std::uint64_t bytes = 0; bytes < kBody;) {
    pair.pass(pair.exchange_timeouts.handler - 1s);  // which has its own time
    std::string text;
    REQUIRE(read_body(*upload, text) != ReadState::error);
    bytes += text.size();
    pair.run();
  }
  CHECK_FALSE(call.receiver.head);
  CHECK(jobs == 1);
}

TEMPLATE_TEST_CASE("a client that waits for our 100 is not late with its content", "", H1Pair,
                   H2Pair, H3Pair) {
  int jobs = 0;
  BodySource* upload = nullptr;
  TestType pair;
  pair.handler.answer = hold(jobs, nullptr, &upload);
  pair.timeouts_of_calls.continued = 1h;
  Request request = make_request("/", Method::post);
  request.expects_continue = true;
  const PairCall& call = pair.fetch(request, scripted(pair.pool, {BodyStep::blocked()}));
  REQUIRE(jobs == 1);
  pair.pass(pair.exchange_timeouts.handler - 1ns);
  CHECK_FALSE(call.receiver.head);
  std::string text;
  CHECK(read_body(*upload, text) == ReadState::blocked);
  pair.run();
  pair.pass(pair.exchange_timeouts.body_progress - 1ns);
  CHECK_FALSE(call.receiver.head);
  pair.pass(1ns);
  CHECK(call.receiver.status() == 408);
}

TEMPLATE_TEST_CASE("uploads that handlers hold take no time of one that they hold up", "", H2Pair,
                   H3Pair) {
  std::vector<BodySource*> held;
  std::uint64_t bytes = 0;
  int jobs = 0;
  TestType pair;
  pair.handler.answer = [&](RequestContext context, Responder&) -> std::unique_ptr<Job> {
    if (context.request.target.path == "/") {
      return std::make_unique<Reading>(context.body, bytes);
    }
    held.push_back(&context.body);
    return std::make_unique<CountedJob>(jobs);
  };
  BodyProbe more;
  const PairCall& call = pair.fetch("/", scripted(pair.pool,
                                                  {BodyStep::data("x"), BodyStep::blocked(),
                                                   BodyStep::data(std::string(99'999, 'x'))},
                                                  &more));
  for (int i = 0; i < 20; ++i) {
    pair.start("/held", std::make_unique<PatternBody>(pair.pool, kBody));
  }
  pair.run();
  more.release();
  pair.run();
  REQUIRE(bytes < 100'000);
  pair.pass(pair.exchange_timeouts.body_progress);
  pair.pass(pair.exchange_timeouts.body_progress);
  CHECK_FALSE(call.receiver.head);
  for (BodySource* const each : held) each->stop(AbortReason::none);
  pair.run();
  CHECK(bytes == 100'000);
}

TEST_CASE("h3: downloads that share a connection keep to the rate together") {
  for (const Row& row : kRows) {
    CAPTURE(row.least, row.hundredths);
    H3Pair pair;
    set_rate(pair, row.least);
    pair.handler.answer = with_pattern(kBody);
    pair.open();
    in_small_pieces(pair);
    for (int i = 0; i < 4; ++i) pair.start("/");
    const Duration time = run_at(pair, row.hundredths, [&] {
      std::uint64_t all = 0;
      for (const PairCall& call : pair.calls) all += call.body.size();
      return all;
    });
    CHECK((time < kMuch) == row.ends);
    CHECK(time > pair.exchange_timeouts.write_progress * 10);
  }
}
