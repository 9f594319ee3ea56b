#include "base/dirty_list.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

struct Thing {
  int flushes = 0;
  bool dirty = false;
};

}  // namespace

TEST_CASE("What is marked is flushed once, and again only when it is marked or asks for it") {
  DirtyList<Thing> list;
  Thing one, other;
  list.add(one);
  list.add(one);
  CHECK(list.run([](Thing& thing) { return ++thing.flushes == 1; }));
  CHECK_FALSE(list.run([](Thing& thing) { return ++thing.flushes == 1; }));
  CHECK(list.empty());
  CHECK(one.flushes == 2);
  CHECK(other.flushes == 0);
}

TEST_CASE("What is marked during a run waits for the next") {
  DirtyList<Thing> list;
  Thing one, other;
  list.add(one);
  const bool more = list.run([&](Thing& thing) {
    ++thing.flushes;
    list.add(one);
    list.add(other);
    return false;
  });
  CHECK(more);
  CHECK(one.flushes == 1);
  CHECK(other.flushes == 0);
}

TEST_CASE("What is removed, before a run or during it, is not flushed") {
  DirtyList<Thing> list;
  Thing one, other, third;
  for (Thing* const thing : {&one, &other, &third}) list.add(*thing);
  list.remove(third);
  list.remove(third);
  list.run([&](Thing& thing) {
    ++thing.flushes;
    list.remove(other);
    return false;
  });
  CHECK(one.flushes == 1);
  CHECK(other.flushes == 0);
  CHECK(third.flushes == 0);
}
