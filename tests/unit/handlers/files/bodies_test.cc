#include "handlers/files/bodies.h"

#include <catch2/catch_test_macros.hpp>

#include "http/message/error_response.h"
#include "support/body_text.h"
#include "support/fake_files.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("content is given piece by piece, and its memory back as it goes") {
  BufferPool pool;
  const std::string text = pattern(200'000);
  Content content = content_of(pool, std::as_bytes(std::span(text)));
  CHECK(content.pieces.size() == 4);
  const auto body = content_body(std::move(content));
  CHECK(body->remaining() == 200'000U);
  CHECK(body->pull(7)->bytes.size() == 7);
  CHECK(body->remaining() == 199'993U);
  CHECK(whole_text(*body) == text.substr(7));
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
  CHECK(whole_text(*file_body(files, file, 3, 4)) == "3456");
  CHECK(files.reads.size() == 1);
  file->body = pool.copy("0123456789");
  CHECK(whole_text(*file_body(files, file, 3, 4)) == "3456");
  CHECK(whole_text(*file_body(files, file, 0, 10)) == "0123456789");
  CHECK(files.reads.size() == 1);
  file = {};
  CHECK(pool.outstanding() == 0);
}

namespace {

using Parts = std::vector<std::unique_ptr<BodySource>>;

std::unique_ptr<BodySource> joined(Parts parts, std::uint64_t size, std::size_t* made = nullptr) {
  return joined_body(
      [parts = std::move(parts), made, next = std::size_t{0}]() mutable {
        if (made != nullptr) *made = next;
        return next < parts.size() ? std::move(parts[next++]) : nullptr;
      },
      size);
}

}  // namespace

TEST_CASE("joined bodies follow each other, also when one has to wait, and are made one by one") {
  BufferPool pool;
  Parts parts;
  parts.push_back(text_body(pool, "a"));
  parts.push_back(text_body(pool, ""));
  BodyProbe probe;
  parts.push_back(std::make_unique<ScriptedBody>(
      pool, std::vector{BodyStep::blocked(), BodyStep::data("bc")}, &probe, 2));
  parts.push_back(text_body(pool, "d"));
  CountingWaker waker;
  std::size_t made = 0;
  const auto body = joined(std::move(parts), 4, &made);
  body->set_waker(&waker);
  CHECK(made == 0);
  CHECK(body->remaining() == 4U);
  CHECK(pull_text(*body) == "a");
  CHECK(made == 0);
  CHECK(pull_text(*body) == "blocked");
  CHECK(made == 2);
  probe.release();
  CHECK(waker.woken == 1);
  CHECK(whole_text(*body) == "bcd");
  CHECK(body->remaining() == 0U);
}

TEST_CASE("joined bodies fail when one of them does") {
  BufferPool pool;
  Parts parts;
  parts.push_back(text_body(pool, "a"));
  parts.push_back(std::make_unique<ScriptedBody>(pool, std::vector{BodyStep::error()}, nullptr, 5));
  const auto body = joined(std::move(parts), 6);
  CHECK(pull_text(*body) == "a");
  CHECK(pull_text(*body) == "error: io");
}
