#include "http/exchange/incoming.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/random.h"
#include "support/body_text.h"

using namespace troika;

namespace {

struct Feedback final : Incoming::Feedback {
  int first_pulls = 0;
  std::size_t consumed = 0;
  std::optional<AbortReason> stopped;
  void on_first_pull() noexcept override { ++first_pulls; }
  void on_consumed(std::size_t bytes) noexcept override { consumed += bytes; }
  void on_stopped(AbortReason reason) noexcept override { stopped = reason; }
};

struct Stage {
  explicit Stage(std::size_t window = 1000) : content(pool, window, feedback) {
    content.set_waker(&waker);
    content.begin(std::nullopt);
  }
  Status push(std::string_view text) { return content.push(std::as_bytes(std::span(text))); }
  std::string pull(std::size_t max = kMaxPull) { return test::pull_text(content, max); }

  BufferPool pool;
  Feedback feedback;
  test::CountingWaker waker;
  Incoming content;
};

}  // namespace

TEST_CASE("incoming content gives what was pushed, then the end, and reports what was consumed") {
  Stage stage;
  REQUIRE(stage.push("hello "));
  REQUIRE(stage.push("world"));
  CHECK(stage.content.buffered() == 11);
  CHECK(stage.feedback.consumed == 0);
  CHECK(stage.pull(3) == "hel");
  CHECK(stage.feedback.consumed == 3);
  CHECK(stage.pull() == "lo world");
  CHECK(stage.feedback.consumed == 11);
  REQUIRE(stage.content.finish());
  CHECK(stage.pull() == "end");
  CHECK(stage.pull() == "end");
  CHECK(stage.pool.outstanding() == 0);
}

TEST_CASE(
    "a reader that skips the bytes is told the end alone, and they are consumed as they come") {
  Stage stage(10);
  stage.content.skip();
  CHECK(stage.pull() == "blocked");
  for (int i = 0; i < 3; ++i) REQUIRE(stage.push("0123456789"));  // each fills the window
  CHECK(stage.feedback.consumed == 30);
  CHECK(stage.content.received() == 30);
  CHECK(stage.content.buffered() == 0);
  CHECK(stage.waker.woken == 0);
  REQUIRE(stage.content.finish());
  CHECK(stage.waker.woken == 1);
  CHECK(stage.pull() == "end");
}

TEST_CASE("a blocked reader is woken once, one that was not told to wait is not") {
  Stage stage;
  REQUIRE(stage.push("0"));
  CHECK(stage.waker.woken == 0);
  CHECK(stage.pull() == "0");
  CHECK(stage.pull() == "blocked");
  REQUIRE(stage.push("a"));
  REQUIRE(stage.push("b"));
  CHECK(stage.waker.woken == 1);
  CHECK(stage.pull() == "ab");
  CHECK(stage.pull() == "blocked");
  REQUIRE(stage.content.finish());
  CHECK(stage.waker.woken == 2);
  REQUIRE(stage.content.finish());
  CHECK(stage.waker.woken == 2);
}

TEST_CASE("the window holds its bytes and not one more") {
  Stage stage(10);
  REQUIRE(stage.push("123456789"));
  REQUIRE(stage.push("0"));
  const Status over = stage.push("x");
  REQUIRE_FALSE(over);
  CHECK(over.error().code == ErrorCode::limit);
  CHECK(stage.content.buffered() == 10);
  CHECK(stage.pull(1) == "1");
  CHECK(stage.push("x"));
  CHECK_FALSE(stage.push("y"));
  CHECK(stage.push(""));
}

TEST_CASE("an error wakes a blocked reader, and comes after the bytes that arrived before it") {
  Stage stage;
  REQUIRE(stage.push("abc"));
  stage.content.fail({ErrorCode::closed, "gone"});
  REQUIRE(stage.content.finish());
  CHECK(stage.content.state() == Receiving::done);
  CHECK(stage.pull() == "abc");
  CHECK(stage.pull() == "error: closed");
  CHECK(stage.pull() == "error: closed");
  CHECK(stage.waker.woken == 0);
  Stage waiting;
  CHECK(waiting.pull() == "blocked");
  waiting.content.fail({ErrorCode::closed, "gone"});
  CHECK(waiting.waker.woken == 1);
}

TEST_CASE("a stopped message frees and credits what it held and what still comes") {
  Stage stage(10);
  REQUIRE(stage.push("12345"));
  stage.content.stop(AbortReason::body_stopped);
  CHECK(stage.content.state() == Receiving::stopped);
  CHECK(stage.feedback.consumed == 5);
  CHECK(stage.feedback.stopped == AbortReason::body_stopped);
  CHECK(stage.pool.outstanding() == 0);
  REQUIRE(stage.push("more than the window holds"));
  CHECK(stage.feedback.consumed == 31);
  CHECK(stage.pull() == "end");
  stage.feedback.stopped.reset();
  stage.content.stop(AbortReason::peer_gone);
  CHECK_FALSE(stage.feedback.stopped);
}

TEST_CASE("a detached message tells nobody anything") {
  Stage stage;
  CHECK(stage.pull() == "blocked");
  REQUIRE(stage.push("abc"));
  const int woken = stage.waker.woken;
  stage.content.detach();
  CHECK(stage.pool.outstanding() == 0);
  REQUIRE(stage.push("def"));
  stage.content.stop(AbortReason::peer_gone);
  REQUIRE(stage.content.finish());
  CHECK(stage.pull() == "end");
  CHECK(stage.feedback.consumed == 0);
  CHECK_FALSE(stage.feedback.stopped);
  CHECK(stage.waker.woken == woken);
}

TEST_CASE("the first pull is reported once, and not when the body is there already") {
  Stage stage;
  CHECK(stage.pull() == "blocked");
  CHECK(stage.pull() == "blocked");
  CHECK(stage.feedback.first_pulls == 1);
  Stage complete;
  REQUIRE(complete.content.finish());
  CHECK(complete.pull() == "end");
  CHECK(complete.feedback.first_pulls == 0);
}

TEST_CASE("a declared length counts down as bytes are pulled") {
  Stage stage;
  CHECK_FALSE(stage.content.remaining());
  stage.content.begin(5);
  REQUIRE(stage.push("abc"));
  CHECK(stage.content.remaining() == 5U);
  CHECK(stage.pull(2) == "ab");
  CHECK(stage.content.remaining() == 3U);
  REQUIRE(stage.push("de"));
  CHECK(stage.pull() == "cde");
  CHECK(stage.content.remaining() == 0U);
}

TEST_CASE("trailers are there after the end") {
  Stage stage;
  HeaderMap trailers;
  trailers.add("x-sum", "1");
  REQUIRE(stage.content.finish(std::move(trailers)));
  CHECK(stage.pull() == "end");
  REQUIRE(stage.content.trailers() != nullptr);
  CHECK(stage.content.trailers()->get("x-sum") == "1");
}

TEST_CASE("random pushes and pulls lose nothing and never hold more than the window") {
  Stage stage(5000);
  SeededRandom random(17);
  std::string in, out;
  for (int i = 0; i < 5000; ++i) {
    std::string piece(random.below(1500), static_cast<char>('a' + random.below(26)));
    const bool fits = piece.size() <= 5000 - stage.content.buffered();
    REQUIRE(stage.push(piece).has_value() == fits);
    if (fits) in += piece;
    while (stage.content.buffered() > 0 && random.chance(0.7)) {
      out += stage.pull(1 + random.below(2000));
    }
    REQUIRE(stage.content.buffered() <= 5000);
    REQUIRE(stage.feedback.consumed == out.size());
  }
  while (stage.content.buffered() > 0) out += stage.pull();
  CHECK(in == out);
  CHECK(stage.pool.outstanding() == 0);
}
