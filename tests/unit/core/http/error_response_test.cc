#include "http/message/error_response.h"
#include "base/text.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace troika;

namespace {

std::string read_all(BodySource& body, std::size_t max_bytes) {
  std::string out;
  for (;;) {
    const std::uint64_t before = body.remaining().value_or(0);
    auto pulled = body.pull(max_bytes);
    REQUIRE(pulled);
    if (pulled->state == PullState::end) break;
    REQUIRE(pulled->state == PullState::data);
    REQUIRE_FALSE(pulled->bytes.empty());
    REQUIRE(pulled->bytes.size() <= max_bytes);
    REQUIRE(body.remaining() == before - pulled->bytes.size());
    out.append(reinterpret_cast<const char*>(pulled->bytes.data()), pulled->bytes.size());
  }
  CHECK(body.remaining() == 0U);
  return out;
}

}  // namespace

TEST_CASE("reason phrases are those of the registry") {
  CHECK(reason_phrase(100) == "Continue");
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(308) == "Permanent Redirect");
  CHECK(reason_phrase(404) == "Not Found");
  CHECK(reason_phrase(431) == "Request Header Fields Too Large");
  CHECK(reason_phrase(511) == "Network Authentication Required");
  for (const int unknown : {0, 99, 102, 299, 418, 499, 512, 999, 65535}) {
    CHECK(reason_phrase(static_cast<std::uint16_t>(unknown)).empty());
  }
}

TEST_CASE("an error answer is a line of plain text that no browser sniffs") {
  for (std::uint16_t status = 400; status < 600; ++status) {
    CAPTURE(status);
    ErrorResponse answer = error_response(status);
    CHECK(answer.head.status == status);
    CHECK(answer.head.headers.get("content-type") == "text/plain; charset=utf-8");
    CHECK(answer.head.headers.get("x-content-type-options") == "nosniff");
    REQUIRE(answer.body != nullptr);
    const std::string_view phrase = reason_phrase(status);
    CHECK(read_all(*answer.body, 5) ==
          (phrase.empty() ? "Error\n" : formatted("{} {}\n", status, phrase)));
  }
}

TEST_CASE("a static body gives its text in pieces and takes no slab") {
  auto body = static_body("abcdefgh");
  CHECK(body->remaining() == 8U);
  CHECK(read_all(*body, 3) == "abcdefgh");
  CHECK(read_all(*static_body(""), 3).empty());
}

TEST_CASE("a text body owns its text, and its slabs are free when it is gone") {
  BufferPool pool;
  std::string text(200'000, 'x');
  text[123'456] = 'y';
  {
    auto body = text_body(pool, std::string(text));
    CHECK(body->remaining() == text.size());
    CHECK(read_all(*body, kMaxPull) == text);
    CHECK(pool.outstanding() == 0);
    CHECK(read_all(*text_body(pool, ""), 1).empty());
    auto dropped = text_body(pool, text);
    CHECK(dropped->pull(10)->bytes.size() == 10);
  }
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("one pull gives at most 64 KiB, whatever is asked for") {
  static const std::string text(kMaxPull + 1, 'z');
  BufferPool pool;
  CHECK(static_body(text)->pull(1U << 20U)->bytes.size() == kMaxPull);
  CHECK(text_body(pool, text)->pull(1U << 20U)->bytes.size() <= kMaxPull);
}
