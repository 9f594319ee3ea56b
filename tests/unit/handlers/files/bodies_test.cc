#include "handlers/files/bodies.h"

#include <catch2/catch_test_macros.hpp>

#include "http/message/error_response.h"
#include "support/fake_files.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

std::string all(BodySource& body) {
  std::string text;
  return read_body(body, text) == ReadState::end ? text : "not ended after " + text;
}

}  // namespace

TEST_CASE("content is given piece by piece, and its memory back as it goes") {
  BufferPool pool;
  const std::string text = pattern(200'000);
  Content content = content_of(pool, std::as_bytes(std::span(text)));
  CHECK(content.pieces.size() == 4);
  const auto body = content_body(std::move(content));
  CHECK(body->remaining() == 200'000U);
  CHECK(body->pull(7)->bytes.size() == 7);
  CHECK(body->remaining() == 199'993U);
  CHECK(all(*body) == text.substr(7));
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("a part of a file is the same from memory and from disk") {
  BufferPool pool;
  FakeFiles files(pool);
  files.entries["f"].content = "0123456789";
  Ref<CachedFile> file;
  std::ignore = files.open(files.found(), "f", [&](auto opened) {
    file = make_ref<CachedFile>(make_ref<CacheUse>(), std::move(*opened), WallTime(), 0U);
  });
  CHECK(all(*file_body(files, file, 3, 4)) == "3456");
  CHECK(files.reads.size() == 1);
  file->body = pool.copy("0123456789");
  CHECK(all(*file_body(files, file, 3, 4)) == "3456");
  CHECK(all(*file_body(files, file, 0, 10)) == "0123456789");
  CHECK(files.reads.size() == 1);
  file = {};
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("joined bodies follow each other, also when one has to wait") {
  BufferPool pool;
  std::vector<std::unique_ptr<BodySource>> parts;
  parts.push_back(text_body(pool, "a"));
  parts.push_back(text_body(pool, ""));
  BodyProbe probe;
  parts.push_back(std::make_unique<ScriptedBody>(
      pool, std::vector{BodyStep::blocked(), BodyStep::data("bc")}, &probe, 2));
  parts.push_back(text_body(pool, "d"));
  struct Woken final : Waker {
    int times = 0;
    void wake() noexcept override { ++times; }
  } waker;
  const auto body = joined_body(std::move(parts));
  body->set_waker(&waker);
  CHECK(body->remaining() == 4U);
  CHECK(text_of(body->pull(100)->bytes.bytes()) == "a");
  CHECK(body->pull(100)->state == PullState::blocked);
  probe.release();
  CHECK(waker.times == 1);
  CHECK(all(*body) == "bcd");
  CHECK(body->remaining() == 0U);
}

TEST_CASE("joined bodies fail when one of them does") {
  BufferPool pool;
  std::vector<std::unique_ptr<BodySource>> parts;
  parts.push_back(text_body(pool, "a"));
  parts.push_back(std::make_unique<ScriptedBody>(pool, std::vector{BodyStep::error()}, nullptr, 5));
  const auto body = joined_body(std::move(parts));
  CHECK(body->pull(9)->bytes.size() == 1);
  CHECK_FALSE(body->pull(9).has_value());
}
