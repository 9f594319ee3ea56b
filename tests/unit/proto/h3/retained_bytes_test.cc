#include "proto/h3/engine_stream.h"

#include <catch2/catch_test_macros.hpp>
#include <string_view>

using namespace troika;

TEST_CASE("retained bytes are freed slice by slice as they are acknowledged") {
  BufferPool pool;
  h3::RetainedBytes retained;
  const auto first = retained.retain(pool.copy(std::string_view("hello ")));
  const auto second = retained.retain(pool.copy(std::string_view("world")));
  CHECK(first.size() == 6);
  CHECK(second.size() == 5);
  CHECK(retained.size() == 2 * 4096);  // memory is held in slabs

  retained.acknowledge(5);
  CHECK(retained.size() == 2 * 4096);  // one byte of the first slice may still be sent again
  retained.acknowledge(2);
  CHECK(retained.size() == 4096);
  retained.acknowledge(4);
  CHECK(retained.size() == 0);
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("clearing frees what was never acknowledged") {
  BufferPool pool;
  h3::RetainedBytes retained;
  (void)retained.retain(pool.copy(std::string_view("abc")));
  retained.acknowledge(1);
  retained.clear();
  CHECK(retained.size() == 0);
  CHECK(pool.outstanding() == 0);
  (void)retained.retain(pool.copy(std::string_view("de")));
  retained.acknowledge(1);
  CHECK(retained.size() == 4096);  // what was acknowledged before does not count for new bytes
}

TEST_CASE("slices of one slab that follow each other are one, and count what they pin") {
  BufferPool pool;
  h3::RetainedBytes retained;
  {
    Slice kept = pool.copy(std::string_view("hello world"));  // somebody else holds it as well
    const auto hello = retained.retain(kept.sub(0, 5));
    CHECK(hello.size() == 5);
    CHECK(retained.size() == 5);
    (void)retained.retain(kept.sub(5, 6));
    CHECK(retained.size() == 11);
    retained.acknowledge(5);
    CHECK(retained.size() == 11);
    retained.acknowledge(6);
    CHECK(retained.size() == 0);
  }
  CHECK(retained.empty());
  CHECK(pool.outstanding() == 0);
}
