#include "handlers/compress/compress_body.h"

#include <catch2/catch_test_macros.hpp>

#include "support/body_text.h"
#include "support/fake_background.h"
#include "unit/handlers/compress/samples.h"

using namespace troika;
using namespace troika::test;

namespace {

// Gives its input on as it is, `each` pieces at a time; fails when it is told to.
class PlainEncoder final : public Encoder {
 public:
  explicit PlainEncoder(int& alive, std::size_t each = 1) : alive_(alive), each_(each) { ++alive_; }
  PlainEncoder(const PlainEncoder&) = delete;
  PlainEncoder& operator=(const PlainEncoder&) = delete;
  ~PlainEncoder() override { --alive_; }
  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    kept_ += text_of(bytes);
    if (kept_.starts_with("fail")) return fail(ErrorCode::internal, "made to fail");
    if (last || ++pieces_ % each_ == 0) {
      if (!kept_.empty()) sink(bytes_of(kept_));
      kept_.clear();
    }
    return {};
  }

 private:
  int& alive_;
  std::size_t each_, pieces_ = 0;
  std::string kept_;
};

struct Stage {
  explicit Stage(std::vector<BodyStep> steps, std::size_t each = 1, HeaderMap trailers = {}) {
    body = compress_body(background, pool,
                         std::make_unique<ScriptedBody>(pool, std::move(steps), &probe,
                                                        std::nullopt, std::move(trailers)),
                         std::make_unique<PlainEncoder>(encoders, each));
    body->set_waker(&waker);
  }
  ~Stage() {
    body.reset();
    CHECK(probe.alive == 0);
    CHECK(encoders == 0);
    CHECK(background.alive == 0);
    CHECK(pool.outstanding() == 0);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  std::string pull(std::size_t max = kMaxPull) { return pull_text(*body, max); }

  BufferPool pool;
  FakeBackground background;
  BodyProbe probe;
  CountingWaker waker;
  int encoders = 0;
  std::unique_ptr<BodySource> body;
};

std::vector<BodyStep> pieces(std::initializer_list<const char*> texts) {
  std::vector<BodyStep> steps;
  for (const char* text : texts) steps.push_back(BodyStep::data(text));
  return steps;
}

}  // namespace

TEST_CASE("a compressed body gives what its encoder makes of the inner one, and no length") {
  Stage stage(pieces({"one ", "two ", "three"}));
  CHECK_FALSE(stage.body->remaining());
  CHECK(stage.pull() == "one ");
  CHECK(stage.pull() == "two ");
  CHECK(stage.pull() == "three");
  CHECK(stage.pull() == "end");
  CHECK(stage.background.ran == 4);
  CHECK(stage.waker.woken == 0);
}

TEST_CASE("a pull gives no more than is asked for and never above 64 KiB") {
  Stage stage({BodyStep::data(pattern(65'536)), BodyStep::data(pattern(65'536, 65'536))}, 2);
  CHECK(stage.pull(1) == pattern(1));
  CHECK(stage.pull(10) == pattern(10, 1));
  std::string text = pattern(11);
  for (std::string part; (part = stage.pull(1U << 20U)) != "end"; text += part) {
    REQUIRE(part.size() <= kMaxPull);
  }
  CHECK(text == pattern(131'072));
}

TEST_CASE("an encoder that gives nothing for many pieces is fed inside one pull") {
  Stage stage(std::vector<BodyStep>(250'000, BodyStep::data("x")), 200'000);
  std::string text;
  for (std::string part; (part = stage.pull()) != "end"; text += part) {
    REQUIRE(part != "blocked");
  }
  CHECK(text == std::string(250'000, 'x'));
  CHECK(stage.pull() == "end");
}

TEST_CASE("a body that waits for the pool wakes its reader once, however many steps it takes") {
  Stage stage(pieces({"one ", "two ", "three ", "four"}), 3);
  stage.background.later = true;
  CHECK(stage.pull() == "blocked");
  CHECK(stage.pull() == "blocked");
  CHECK(stage.background.waiting() == 1);
  stage.background.complete();
  stage.background.complete();
  CHECK(stage.waker.woken == 0);
  stage.background.complete();
  CHECK(stage.waker.woken == 1);
  CHECK(stage.background.waiting() == 0);  // nothing is made before the reader has taken this
  CHECK(stage.pull(4) == "one ");
  CHECK(stage.background.waiting() == 0);
  CHECK(stage.pull() == "two three ");
  CHECK(stage.pull() == "blocked");
  stage.background.complete();
  stage.background.complete();
  CHECK(stage.waker.woken == 2);
  CHECK(stage.pull() == "four");
  CHECK(stage.pull() == "end");
  CHECK(stage.waker.woken == 2);
}

TEST_CASE("the inner body's block is passed on, and so is its wake") {
  Stage stage({BodyStep::data("one"), BodyStep::blocked(), BodyStep::data("two")});
  CHECK(stage.pull() == "one");
  CHECK(stage.pull() == "blocked");
  CHECK(stage.waker.woken == 0);
  const std::size_t pulls = stage.probe.pulls;
  stage.probe.release();
  CHECK(stage.waker.woken == 1);
  CHECK(stage.probe.pulls == pulls);  // the reader pulls, not the waker
  CHECK(stage.pull() == "two");
  stage.probe.release();  // nobody waits for this one
  CHECK(stage.waker.woken == 1);
  CHECK(stage.pull() == "end");
}

TEST_CASE("an inner body that blocks after a step without output keeps the reader waiting") {
  Stage stage({BodyStep::data("one "), BodyStep::blocked(), BodyStep::data("two")}, 2);
  stage.background.later = true;
  CHECK(stage.pull() == "blocked");
  stage.background.complete();
  CHECK(stage.waker.woken == 0);
  stage.probe.release();
  CHECK(stage.waker.woken == 1);
  CHECK(stage.pull() == "blocked");
  stage.background.complete();
  CHECK(stage.waker.woken == 2);
  CHECK(stage.pull() == "one two");
}

TEST_CASE("an error of the inner body comes after what was made before it") {
  Stage stage({BodyStep::data("one"), BodyStep::error()});
  stage.background.later = true;
  CHECK(stage.pull() == "blocked");
  stage.background.complete();
  CHECK(stage.pull() == "one");
  CHECK(stage.pull() == "error: io");
  CHECK(stage.pull() == "error: io");
  CHECK(stage.encoders == 0);
  CHECK(stage.background.waiting() == 0);
}

TEST_CASE("an end without a byte, and an error between two steps, wake the reader, too") {
  Stage empty({}), failing({BodyStep::data("one"), BodyStep::error()}, 2);
  for (Stage* stage : {&empty, &failing}) {
    stage->background.later = true;
    CHECK(stage->pull() == "blocked");
    stage->background.complete();
    CHECK(stage->waker.woken == 1);
    CHECK(stage->pull() == (stage == &empty ? "end" : "error: io"));
  }
}

TEST_CASE("an error of the encoder ends the body") {
  Stage stage(pieces({"one", "fail", "three"}));
  CHECK(stage.pull() == "one");
  CHECK(stage.pull() == "error: internal");
  CHECK(stage.pull() == "error: internal");
  CHECK(stage.encoders == 0);
}

TEST_CASE("the inner body's trailers are there after the end and not before") {
  HeaderMap trailers;
  trailers.add("digest", "1");
  Stage stage(pieces({"one"}), 1, std::move(trailers));
  CHECK(stage.body->trailers() == nullptr);
  CHECK(stage.pull() == "one");
  CHECK(stage.body->trailers() == nullptr);
  CHECK(stage.pull() == "end");
  REQUIRE(stage.body->trailers() != nullptr);
  CHECK(stage.body->trailers()->get("digest") == "1");
}

TEST_CASE("stop reaches the inner body, and nothing is left of the rest") {
  Stage stage(pieces({"one", "two"}));
  SECTION("before the first pull") {}
  SECTION("with output that was not taken") { CHECK(stage.pull(1) == "o"); }
  SECTION("with a step that has not begun") {
    stage.background.later = true;
    CHECK(stage.pull() == "blocked");
  }
  SECTION("with a step that runs") {
    stage.background.later = true;
    CHECK(stage.pull() == "blocked");
    stage.background.begin();
  }
  stage.body->stop(AbortReason::peer_reset);
  CHECK(stage.probe.stopped == AbortReason::peer_reset);
  CHECK(stage.pull() == "error: closed");
  CHECK(stage.background.waiting() == 0);
  if (stage.background.alive != 0) stage.background.end();
  CHECK(stage.pool.outstanding() == 0);
  CHECK(stage.encoders == 0);
  stage.probe.release();
  CHECK(stage.waker.woken == 0);
}

TEST_CASE("a body may be destroyed at every step, its task takes care of itself") {
  Stage stage({BodyStep::data("one"), BodyStep::data("two"), BodyStep::blocked()}, 2);
  stage.background.later = true;
  SECTION("before the first pull") { stage.body.reset(); }
  SECTION("with a step that has not begun") {
    CHECK(stage.pull() == "blocked");
    stage.body.reset();
    CHECK(stage.background.waiting() == 0);
  }
  SECTION("with a step that runs") {
    CHECK(stage.pull() == "blocked");
    stage.background.begin();
    stage.body.reset();
    CHECK(stage.encoders == 1);
    CHECK(stage.pool.outstanding() > 0);
    stage.background.end();
  }
  SECTION("between two steps") {
    CHECK(stage.pull() == "blocked");
    stage.background.complete();
    stage.background.begin();
    stage.body.reset();
    stage.background.end();
  }
  SECTION("with output that was not taken") {
    CHECK(stage.pull() == "blocked");
    stage.background.complete();
    stage.background.complete();
    stage.body.reset();
  }
  SECTION("while the inner body is blocked") {
    CHECK(stage.pull() == "blocked");
    stage.background.complete();
    stage.background.complete();
    CHECK(stage.pull() == "onetwo");
    CHECK(stage.pull() == "blocked");
    stage.body.reset();
  }
  CHECK(stage.encoders == 0);
  CHECK(stage.waker.woken <= 1);
}

TEST_CASE("a reader that takes its waker back is not woken") {
  Stage stage(pieces({"one"}));
  stage.background.later = true;
  CHECK(stage.pull() == "blocked");
  stage.body->set_waker(nullptr);
  stage.background.complete();
  CHECK(stage.waker.woken == 0);
  CHECK(stage.pull() == "one");
}

TEST_CASE("16 MiB for a slow reader take one piece of input or one of output from the pool") {
  constexpr std::size_t kBound = 2 * kMaxPull;
  const std::vector steps{BodyStep::data(noise(16U << 20U))};
  BufferPool pool;
  FakeBackground background;
  background.later = true;
  for (const Coding coding : kCodings) {
    const auto body = compress_body(background, pool, std::make_unique<ScriptedBody>(pool, steps),
                                    make_encoder(coding, Effort::stream));
    std::size_t total = 0;
    std::size_t most = 0;
    for (;;) {
      auto pulled = body->pull(5'000);
      REQUIRE(pulled);
      most = std::max(most, pool.outstanding());
      if (pulled->state == PullState::end) break;
      total += pulled->bytes.size();
      if (pulled->state == PullState::blocked) background.complete();
    }
    CHECK(total >= 16U << 20U);
    CHECK(most <= kBound);
  }
  CHECK(pool.outstanding() == 0);
}
