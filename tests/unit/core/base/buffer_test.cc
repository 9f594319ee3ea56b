#include "base/buffer.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/output_queue.h"

using namespace troika;

namespace {
std::string text(const Slice& slice) {
  return {reinterpret_cast<const char*>(slice.data()), slice.size()};
}

// Whether a process that does this is ended by abort(). Run in a child.
bool aborts(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    constexpr rlimit kNoCore{};
    setrlimit(RLIMIT_CORE, &kNoCore);
    std::signal(SIGABRT, SIG_DFL);  // Catch2 reports it otherwise
    close(STDERR_FILENO);           // nobody is to read of it
    act();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
}  // namespace

TEST_CASE("a pool counts a slab as outstanding until its last slice is gone") {
  BufferPool pool;
  {
    const Slice a = pool.copy("hello");
    CHECK(pool.outstanding() == 4096);
    const Slice b = a;
    const Slice c = a.sub(1, 3);
    CHECK(text(b) == "hello");
    CHECK(text(c) == "ell");
    CHECK(b.data() == a.data());
    CHECK(c.data() == a.data() + 1);
    CHECK(pool.outstanding() == 4096);
  }
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("a part outlives the slice that it was taken from") {
  BufferPool pool;
  std::optional<Slice> whole = pool.copy("abcdef");
  Slice part = whole->sub(2, 2);
  whole.reset();
  CHECK(pool.outstanding() > 0);
  CHECK(text(part) == "cd");
  part = Slice();
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("a pool keeps free slabs up to a limit, and frees those of each size that nobody needs") {
  BufferPool pool;
  {
    std::vector<Slice> slices;
    for (std::size_t i = 0; i <= BufferPool::kKeptFree / 65536; ++i) {
      slices.push_back(pool.copy(std::string(65536, 'x')));
    }
  }
  CHECK(pool.free_bytes() == BufferPool::kKeptFree);
  {
    const Slice small = pool.copy("x"), other = pool.copy("y");
  }
  CHECK(pool.free_bytes() == BufferPool::kKeptFree);
  pool.release_unneeded();  // all were needed until now
  CHECK(pool.free_bytes() == BufferPool::kKeptFree);
  {
    const Slice one = pool.copy(std::string(65536, 'x')), two = pool.copy(one.bytes());
  }
  pool.release_unneeded();
  CHECK(pool.free_bytes() == 2 * std::size_t{65536});
  {
    const Slice one = pool.copy(std::string(65536, 'x'));
  }
  pool.release_unneeded();
  CHECK(pool.free_bytes() == 65536);
  pool.release_unneeded();
  CHECK(pool.free_bytes() == 0);
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("the pool picks the smallest of its three sizes") {
  BufferPool pool;
  struct Row {
    std::size_t bytes, slab;
  };
  for (const Row row : {Row{0, 4096}, Row{1, 4096}, Row{4096, 4096}, Row{4097, 16384},
                        Row{16384, 16384}, Row{16385, 65536}, Row{65536, 65536}}) {
    CAPTURE(row.bytes);
    const Slice slice = pool.copy(std::string(row.bytes, 'x'));
    CHECK(pool.outstanding() == row.slab);
    CHECK(slice.size() == row.bytes);
  }
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("a slab that was given back is used again") {
  BufferPool pool;
  const std::byte* first = nullptr;
  {
    const Slice slice = pool.copy("one");
    first = slice.data();
  }
  const Slice again = pool.copy("two");
  CHECK(again.data() == first);
  CHECK(text(again) == "two");
}

TEST_CASE("slabs beyond what a pool keeps are freed and the count stays right") {
  BufferPool pool;
  std::vector<Slice> slices;
  for (int i = 0; i < 100; ++i) slices.push_back(pool.copy(std::string(65536, 'y')));
  CHECK(pool.outstanding() == 100U * 65536U);
  slices.clear();
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("moving and assigning slices keeps the count right") {
  BufferPool pool;
  Slice a = pool.copy("a");
  Slice b = pool.copy("b");
  CHECK(pool.outstanding() == 8192);
  Slice moved = std::move(a);
  CHECK(text(moved) == "a");
  b = moved;
  CHECK(pool.outstanding() == 4096);
  moved = Slice();
  Slice& same = b;
  b = std::move(same);
  CHECK(text(b) == "a");
  b = Slice();
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("a static slice needs no pool") {
  const Slice slice = Slice::of_static("always there");
  Slice rest = slice.sub(7, 5);
  CHECK(text(rest) == "there");
  rest.remove_prefix(2);
  CHECK(text(rest) == "ere");
  CHECK(Slice().empty());
}

TEST_CASE("a slab writer hands out neighbouring slices of one slab") {
  BufferPool pool;
  std::optional<SlabWriter> writer(std::in_place, pool, 4096);
  REQUIRE(writer->space().size() == 4096);
  std::memcpy(writer->space().data(), "abc", 3);
  const Slice first = writer->commit(3);
  CHECK(writer->space().size() == 4093);
  std::memcpy(writer->space().data(), "de", 2);
  const Slice second = writer->commit(2);
  CHECK(text(first) == "abc");
  CHECK(text(second) == "de");
  CHECK(second.data() == first.data() + 3);
  writer.reset();
  CHECK(pool.outstanding() == 4096);
  CHECK(text(first) == "abc");
  CHECK(SlabWriter().space().empty());
}

TEST_CASE("what would pass the end of a block ends the process, in every build") {
  BufferPool pool;
  const std::string most(BufferPool::kSizes.back(), 'x');
  CHECK_FALSE(aborts([&] { text(pool.copy(most)); }));
  CHECK(aborts([&] { pool.copy(most + "x"); }));
  CHECK_FALSE(aborts([&] { SlabWriter(pool, most.size()).commit(most.size()); }));
  CHECK(aborts([&] { SlabWriter(pool, most.size() + 1); }));
  CHECK(aborts([&] { SlabWriter(pool, most.size()).commit(most.size() + 1); }));
  CHECK(aborts([&] { SlabWriter().commit(0); }));
  Slice slice = pool.copy("abc");
  CHECK_FALSE(aborts([&] { slice.sub(1, 2).remove_prefix(2); }));
  CHECK(aborts([&] { slice.sub(1, 3); }));
  CHECK(aborts([&] { slice.sub(4, 0); }));
  CHECK(aborts([&] { slice.remove_prefix(4); }));
}

TEST_CASE("a header goes into the headroom of a slice, and nowhere else") {
  BufferPool pool;
  Slice laid_out = pool.copy("..abc..de");
  Slice first = laid_out.take(2, 3);
  Slice second = laid_out.take(2, 2);
  CHECK(laid_out.empty());
  CHECK(text(first) == "abc");
  CHECK(text(second) == "de");
  const Slice copy = second;
  CHECK_FALSE(Slice(copy).prepend(std::as_bytes(std::span("x", 1))));
  CHECK_FALSE(second.prepend(std::as_bytes(std::span("xyz", 3))));
  CHECK(second.prepend(std::as_bytes(std::span("xy", 2))));
  CHECK(text(second) == "xyde");
  CHECK_FALSE(second.prepend(std::as_bytes(std::span("z", 1))));
  CHECK(first.prepend(std::as_bytes(std::span("w", 1))));
  CHECK(text(first) == "wabc");
  CHECK(text(copy) == "de");
  first.remove_prefix(1);
  CHECK_FALSE(first.prepend(std::as_bytes(std::span("w", 1))));
  second = Slice();
  first = Slice();
  CHECK(pool.outstanding() == 4096);  // the copy
}

TEST_CASE("slices are joined if they follow each other in one slab") {
  BufferPool pool;
  const Slice whole = pool.copy("abcdef");
  Slice front = whole.sub(0, 2);
  CHECK_FALSE(front.join(whole.sub(3, 1)));
  CHECK_FALSE(front.join(pool.copy("x")));
  CHECK(front.join(whole.sub(2, 2)));
  CHECK(text(front) == "abcd");
  Slice fixed = Slice::of_static(std::string_view("abcdef").substr(0, 3));
  CHECK_FALSE(fixed.join(Slice()));
}

TEST_CASE("a slice pins its slab if nobody else does") {
  BufferPool pool;
  Slice one = pool.copy("abc");
  CHECK(one.pinned() == 4096);
  const Slice other = one.sub(1, 1);
  CHECK(one.pinned() == 3);
  CHECK(other.pinned() == 1);
  CHECK(Slice::of_static("abcd").pinned() == 4);
}

TEST_CASE("pieces and their gaps take so much of a slab, and back") {
  constexpr Pieces kFrames{.bytes = 16375, .gap = 9};
  STATIC_CHECK(kFrames.space_of(4 * 16375) == 65536);
  STATIC_CHECK(kFrames.content_of(65536) == 4 * 16375);
  for (const std::size_t content : {0U, 1U, 16374U, 16375U, 16376U, 40'000U, 65'500U}) {
    CHECK(kFrames.content_of(kFrames.space_of(content)) == content);
    CHECK(Pieces().content_of(Pieces().space_of(content)) == content);
  }
}
