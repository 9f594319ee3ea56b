#include "base/output_queue.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/random.h"
#include "support/session_harness.h"

using namespace troika;
using test::text_of;

namespace {

struct Fixture {
  void append_static(std::initializer_list<std::string_view> pieces) {
    for (const std::string_view piece : pieces) queue.append(Slice::of_static(piece));
  }
  std::string drain() {
    std::string out;
    while (!queue.empty()) {
      out += text_of(queue.front());
      queue.consume(queue.front().size());
    }
    return out;
  }
  BufferPool pool;
  OutputQueue queue{pool};
};

std::string letters(std::size_t size, SeededRandom& random) {
  std::string out(size, ' ');
  for (char& c : out) c = static_cast<char>('a' + random.below(26));
  return out;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "an output queue gives its bytes in the order in which they came") {
  queue.append_copy("one ");
  queue.append(Slice::of_static("two "));
  queue.append_copy("three");
  queue.append(Slice());
  CHECK(queue.size() == 13);
  CHECK(drain() == "one two three");
  CHECK(queue.empty());
  CHECK(queue.size() == 0);
  CHECK(pool.outstanding() == 0);
}

TEST_CASE_METHOD(Fixture, "small pieces share a slab") {
  for (int i = 0; i < 100; ++i) queue.append_copy("0123456789");
  CHECK(queue.size() == 1000);
  CHECK(pool.outstanding() == 4096);
}

TEST_CASE_METHOD(Fixture, "an idle output queue holds no slab") {
  queue.append_copy("x");
  queue.consume(1);
  CHECK(pool.outstanding() == 0);
  queue.append_copy("y");
  queue.clear();
  CHECK(pool.outstanding() == 0);
  CHECK(queue.empty());
}

TEST_CASE_METHOD(Fixture, "a piece larger than a slab is split without loss") {
  SeededRandom random(1);
  const std::string sent = letters(200'001, random);
  queue.append_copy(sent);
  CHECK(queue.size() == sent.size());
  CHECK(drain() == sent);
}

TEST_CASE_METHOD(Fixture, "gather describes the first bytes and takes nothing") {
  std::array<iovec, 2> vectors{};
  CHECK(queue.gather(vectors) == 0);
  append_static({"aa", "bbb", "c"});
  REQUIRE(queue.gather(vectors) == 2);
  CHECK(vectors[0].iov_len == 2);
  CHECK(vectors[1].iov_len == 3);
  CHECK(std::string(static_cast<const char*>(vectors[1].iov_base), 3) == "bbb");
  CHECK(queue.size() == 6);
}

TEST_CASE_METHOD(Fixture, "slices that follow each other in a slab are one") {
  SeededRandom random(1);
  const std::string text = letters(3000, random);
  const Slice whole = pool.copy(text);
  queue.append(whole.sub(0, 1000));
  queue.append(whole.sub(1000, 1));
  queue.append(whole.sub(1002, 1998));
  CHECK(text_of(queue.front()) == text.substr(0, 1001));
  std::array<iovec, 3> vectors{};
  CHECK(queue.gather(vectors) == 2);
  CHECK(drain() == text.substr(0, 1001) + text.substr(1002));
}

TEST_CASE_METHOD(Fixture, "small slices are copied, so that none of them keeps a slab") {
  const std::string small(512, 's'), large(513, 'l');
  for (int i = 0; i < 8; ++i) queue.append(pool.copy(small));
  CHECK(pool.outstanding() == 4096);
  CHECK(queue.held() == 4096);
  queue.append(pool.copy(large));
  CHECK(pool.outstanding() == 2 * 4096);
  CHECK(queue.held() == 2 * 4096);
  CHECK(drain() == std::string(8 * 512, 's') + large);
  CHECK(queue.held() == 0);
}

TEST_CASE_METHOD(Fixture, "peek ends before a large slice, unless that is the first") {
  append_static({"ab", "cd", "efghi", "j"});
  std::array<std::byte, 10> ten{};
  CHECK(queue.peek(ten, 6) == 10);
  CHECK(queue.peek(ten, 5) == 4);
  queue.consume(4);
  CHECK(queue.peek(ten, 5) == 6);
}

TEST_CASE_METHOD(Fixture, "peek copies across slices") {
  append_static({"ab", "cde"});
  std::array<std::byte, 4> four{};
  CHECK(queue.peek(four) == 4);
  CHECK(text_of(four) == "abcd");
  std::array<std::byte, 9> nine{};
  CHECK(queue.peek(nine) == 5);
  CHECK(queue.size() == 5);
}

TEST_CASE_METHOD(Fixture, "consume may end within a slice and cross several") {
  append_static({"abc", "de", "fgh"});
  queue.consume(6);
  CHECK(text_of(queue.front()) == "gh");
  queue.consume(0);
  CHECK(queue.size() == 2);
}

TEST_CASE_METHOD(Fixture, "take gives contiguous bytes up to a bound") {
  append_static({"abcd", "e"});
  CHECK(text_of(queue.take(3).bytes()) == "abc");
  CHECK(text_of(queue.take(3).bytes()) == "d");
  CHECK(text_of(queue.take(3).bytes()) == "e");
  CHECK(queue.empty());
}

TEST_CASE("a taken slice outlives the queue") {
  BufferPool pool;
  Slice kept;
  {
    OutputQueue queue(pool);
    queue.append_copy("kept");
    kept = queue.take(4);
  }
  CHECK(text_of(kept.bytes()) == "kept");
  kept = Slice();
  CHECK(pool.outstanding() == 0);
}

TEST_CASE_METHOD(Fixture, "random appends and takes lose and swap nothing") {
  SeededRandom random(20240607);
  std::string in, out;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece = letters(random.below(random.chance(0.05) ? 100'000 : 300), random);
    in += piece;
    if (random.chance(0.3) && piece.size() <= 65536) {
      queue.append(pool.copy(piece));
    } else {
      queue.append_copy(piece);
    }
    while (!queue.empty() && random.chance(0.6)) {
      if (random.chance(0.5)) {
        out += text_of(queue.take(1 + random.below(5000)).bytes());
      } else {
        const std::size_t n = 1 + random.below(queue.front().size());
        out += text_of(queue.front().first(n));
        queue.consume(n);
      }
    }
    REQUIRE(queue.size() == in.size() - out.size());
  }
  out += drain();
  CHECK(in == out);
  CHECK(pool.outstanding() == 0);
}
