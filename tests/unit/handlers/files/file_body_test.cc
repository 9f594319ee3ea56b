#include "handlers/files/bodies.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/random.h"
#include "support/body_text.h"
#include "support/fake_files.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Stage {
  explicit Stage(std::string content) : entry(files.entries["f"]) {
    entry.content = std::move(content);
    auto ignored = files.open(files.found(), "f", [this](Result<std::unique_ptr<OpenFile>> file) {
      const auto cached =
          make_ref<CachedFile>(make_ref<CacheUse>(), std::move(*file), WallTime(), 0U);
      body.emplace(files, cached, 0, entry.content.size());
    });
    body->set_waker(&waker);
  }
  ~Stage() {
    body.reset();
    CHECK(files.open_files == 0);
    CHECK(files.waiting() == 0);
    CHECK(pool.outstanding() == 0);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  std::string pull(std::size_t max) { return pull_text(*body, max); }
  std::string all() { return whole_text(*body); }

  BufferPool pool;
  FakeFiles files{pool};
  FakeFiles::Entry& entry;
  CountingWaker waker;
  std::optional<FileBody> body;
};

}  // namespace

TEST_CASE("a file body gives the whole file in order and counts down") {
  for (const std::size_t size : {1U, 65535U, 65536U, 65537U, 300'000U}) {
    CAPTURE(size);
    Stage stage(pattern(size));
    CHECK(stage.body->remaining() == size);
    CHECK(stage.all() == pattern(size));
    CHECK(stage.body->remaining() == 0U);
    CHECK(stage.pull(1) == "end");
  }
}

TEST_CASE("a pull gives at most what is asked for and 64 KiB, a read never asks for more") {
  Stage stage(pattern(200'000));
  CHECK(stage.pull(10).size() == 10);
  CHECK(stage.pull(1U << 20U).size() <= kMaxPull);
  stage.all();
  for (const std::size_t wanted : stage.files.reads) CHECK(wanted <= kMaxPull);
}

TEST_CASE("a peer that takes a byte at a time does not cause a read for each") {
  Stage stage(pattern(1000));
  std::string got;
  for (int i = 0; i < 1000; ++i) got += stage.pull(1);
  CHECK(got == pattern(1000));
  CHECK(stage.files.reads == std::vector<std::size_t>{1000});
}

TEST_CASE(
    "a reader that prefers pieces gets as many as fit a slab from one read, with their gaps") {
  constexpr Pieces kFrames{.bytes = 16375, .gap = 9};
  Stage stage(pattern(2 * 65500 + 20'000));
  stage.body->prefer(kFrames);
  std::string got;
  for (std::size_t i = 0; i < 10; ++i) {
    auto pulled = stage.body->pull(16375);
    REQUIRE(pulled);
    CHECK(pulled->bytes.size() == (i < 9 ? 16375U : 20'000U - 16375U));
    got += text_of(pulled->bytes.bytes());
    CHECK(pulled->bytes.prepend(std::as_bytes(std::span("123456789", 9))));
  }
  CHECK(got == pattern(2 * 65500 + 20'000));
  CHECK(stage.pull(1) == "end");
  CHECK(stage.files.reads == std::vector<std::size_t>{65500, 65500, 20'000});
}

TEST_CASE("a reader with little room holds little memory, and no gap") {
  Stage stage(pattern(100'000));
  stage.body->prefer({.bytes = 16375, .gap = 9});
  auto pulled = stage.body->pull(5);
  REQUIRE(pulled);
  CHECK(stage.pool.outstanding() == 4096);
  CHECK_FALSE(pulled->bytes.prepend(std::as_bytes(std::span("1", 1))));
  CHECK(std::string(text_of(pulled->bytes.bytes())) + stage.all() == pattern(100'000));
}

TEST_CASE(
    "a reader that has to wait after a piece holds one piece, and then what it has room for") {
  for (const auto& [window, slab] :
       {std::pair{65500U, 65536U}, std::pair{65499U, 16384U}, std::pair{16375U, 16384U}}) {
    CAPTURE(window);
    Stage stage(pattern(200'000));
    stage.body->prefer({.bytes = 16375, .gap = 9});
    stage.body->expect(window);
    const auto pulled = stage.body->pull(16375);
    REQUIRE(pulled);
    CHECK(pulled->bytes.size() == 16375);
    CHECK(stage.pool.outstanding() == slab);
  }
}

TEST_CASE("while a read is pending the body is blocked, and it wakes once") {
  Stage stage("hello");
  stage.files.later = true;
  CHECK(stage.pull(3) == "blocked");
  CHECK(stage.pull(3) == "blocked");
  CHECK(stage.files.waiting() == 1);
  CHECK(stage.waker.woken == 0);
  stage.files.complete();
  CHECK(stage.waker.woken == 1);
  CHECK(stage.body->remaining() == 5U);
  CHECK(stage.pull(3) == "hel");
  CHECK(stage.pull(3) == "lo");
  CHECK(stage.pull(3) == "end");
  CHECK(stage.waker.woken == 1);
}

TEST_CASE("a file that shrinks while it is sent ends in an error at every offset") {
  for (const std::size_t left : {0U, 1U, 16383U, 16384U, 16385U, 65536U, 99'999U}) {
    for (const bool later : {false, true}) {
      CAPTURE(left, later);
      Stage stage(pattern(100'000));
      stage.files.later = later;
      stage.entry.content.resize(left);
      std::string got;
      ReadState state = read_body(*stage.body, got);
      while (state == ReadState::blocked) {
        stage.files.complete();
        state = read_body(*stage.body, got);
      }
      CHECK(state == ReadState::error);
      CHECK(got == pattern(left));
      CHECK(stage.pull(1) == "error: short body");
      CHECK(stage.waker.woken == (later ? static_cast<int>(stage.files.reads.size()) : 0));
    }
  }
}

TEST_CASE("of a file that grows only what was declared is sent") {
  Stage stage(pattern(1000));
  stage.entry.content = pattern(100'000);
  CHECK(stage.all() == pattern(1000));
}

TEST_CASE("an error of reading ends the body, at once and later") {
  for (const bool later : {false, true}) {
    Stage stage(pattern(100'000));
    REQUIRE(stage.pull(16384).size() == 16384);
    stage.files.later = later;
    stage.entry.read_error = ErrorCode::io;
    if (later) {
      CHECK(stage.pull(100) == "blocked");
      stage.files.complete();
      CHECK(stage.waker.woken == 1);
    }
    CHECK(stage.pull(100) == "error: io");
  }
}

TEST_CASE("destroying a body cancels its read") {
  Stage stage("hello");
  stage.files.later = true;
  CHECK(stage.pull(5) == "blocked");
  stage.body.reset();
  CHECK(stage.files.waiting() == 0);
  CHECK(stage.files.open_files == 0);
  CHECK(stage.waker.woken == 0);
}

TEST_CASE("a stopped body cancels its read and gives nothing more") {
  Stage stage(pattern(50'000));
  CHECK(stage.pull(1) == "a");
  CHECK(stage.pool.outstanding() > 0);
  stage.body->stop(AbortReason::peer_reset);
  CHECK(stage.pool.outstanding() == 0);
  CHECK(stage.pull(5) == "error: closed");

  Stage waiting("hello");
  waiting.files.later = true;
  CHECK(waiting.pull(5) == "blocked");
  waiting.body->stop(AbortReason::peer_reset);
  CHECK(waiting.files.waiting() == 0);
  CHECK(waiting.waker.woken == 0);
}

TEST_CASE("random pulls, short reads and delays give the same bytes") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const std::string content = pattern(random.below(200'000));
    Stage stage(content);
    if (random.chance(0.5)) {
      stage.body->prefer({.bytes = 8192 + random.below(8183), .gap = random.below(10)});
    }
    std::string got;
    for (;;) {
      stage.files.later = random.chance(0.5);
      stage.files.short_reads = 1 + random.below(65536);
      const auto pulled = stage.body->pull(1 + random.below(70'000));
      REQUIRE(pulled);
      if (pulled->state == PullState::end) break;
      if (pulled->state == PullState::data) {
        got += text_of(pulled->bytes.bytes());
      } else {
        const int woken = stage.waker.woken;
        stage.files.complete();
        REQUIRE(stage.waker.woken == woken + 1);
      }
      REQUIRE(stage.body->remaining() == content.size() - got.size());
    }
    REQUIRE(got == content);
  }
}
