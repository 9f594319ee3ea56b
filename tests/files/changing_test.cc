// Files that change while they are sent: what is sent then, and what the next visitor gets.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "files/changing.h"
#include "tools/parity/coding.h"

using namespace troika;
using namespace troika::files;

namespace {

// What the last point leaves is more than a connection's buffers take, the kernel's included.
constexpr std::uint64_t kStep = 1U << 20U;
constexpr std::uint64_t kPoints = 10;
constexpr std::uint64_t kTextSize = 16U << 20U;

void check_visit(Stage& stage, const Stage::Expected& expected) {
  const parity::Answer next = stage.visit();
  CHECK(next.status == expected.status);
  if (expected.status == 200) {
    const auto lengths = values_of(next, "content-length");
    REQUIRE(lengths.size() == 1);
    CHECK(lengths[0] == std::to_string(expected.size));
  }
  CHECK(!stage.holds_deleted());
}

// RFC 9113 §7, RFC 9114 §8.1: a stream is reset, and its connection goes on.
void check_cut_off(Transfer& transfer, client::Protocol protocol) {
  CHECK(transfer.fetch().failed());
  if (protocol == client::Protocol::h1) {
    CHECK(transfer.connection().closed());
    return;
  }
  CHECK(transfer.fetch().failure().reason == AbortReason::peer_reset);
  CHECK(transfer.fetch().failure().wire_code == (protocol == client::Protocol::h2 ? 0x2U : 0x102U));
  CHECK(transfer.connection().ready());
}

struct Case {
  Change change;
  std::uint64_t point;
  std::uint64_t length = 0;  // what truncation leaves
  std::uint64_t offset = 0;  // of the range that is asked for
  bool compressed = false;
};

void change_at(Stage& stage, client::Protocol protocol, const Case& c) {
  INFO(formatted("{} at {} (to {}), from {}", name_of(c.change), c.point, c.length, c.offset));
  const std::uint64_t size = c.compressed ? kTextSize : kLargest;
  stage.renew(size);
  HeaderMap asked;
  if (c.offset != 0) asked.add("range", formatted("bytes={}-", c.offset));
  if (c.compressed) asked.add("accept-encoding", "gzip");
  Stage::Expected expected;
  {
    std::string body;
    Transfer transfer(stage.client(), stage.request(std::move(asked)),
                      [&](std::uint64_t, std::string_view bytes) { body += bytes; });
    REQUIRE(transfer.run_to(c.point));
    REQUIRE(!transfer.fetch().done());
    CHECK(transfer.fetch().status() == (c.offset == 0 ? 200 : 206));
    CHECK(transfer.fetch().headers().has("content-encoding") == c.compressed);
    expected = stage.make(c.change, c.length);
    REQUIRE(transfer.run_to_end());
    const bool cut_off = c.change == Change::truncate;
    const auto content = c.compressed ? parity::decode("gzip", body) : std::optional(body);
    if (cut_off) {
      check_cut_off(transfer, protocol);
    } else {
      CHECK(!transfer.fetch().failed());
    }
    CHECK(content.has_value() == !(c.compressed && cut_off));
    if (content) {
      const auto whole = std::string_view(old_content()).substr(c.offset, size - c.offset);
      CHECK(whole.starts_with(*content));
      CHECK((content->size() == whole.size()) == !cut_off);
    }
  }
  check_visit(stage, expected);
}

template <class Test>
void over_all(const char* ending, const Test& test) {
  for (const auto& [protocol, over] : kProtocols) {
    INFO(over);
    Stage stage(protocol, ending);
    test(stage, protocol);
    CHECK(stage.end() == "");
  }
}

}  // namespace

TEST_CASE("A file that is truncated while it is sent is cut off, wherever that is") {
  over_all("bin", [](Stage& stage, client::Protocol protocol) {
    for (std::uint64_t i = 0; i < kPoints; ++i) {
      const std::uint64_t point = i * kStep;
      const std::array<std::uint64_t, 3> lengths{0, point, kLargest - 1};
      change_at(stage, protocol, {Change::truncate, point, lengths.at(i % 3)});
    }
  });
}

TEST_CASE("A file that is replaced, deleted, forbidden or appended to is sent as it was") {
  over_all("bin", [](Stage& stage, client::Protocol protocol) {
    for (const Change change : {Change::replace, Change::remove, Change::forbid}) {
      for (std::uint64_t i = 0; i < kPoints; ++i) change_at(stage, protocol, {change, i * kStep});
    }
    change_at(stage, protocol, {Change::append, 0});
    change_at(stage, protocol, {Change::append, kStep});
  });
}

TEST_CASE("A range of a file that changes is cut off, or sent to its end, as the whole is") {
  constexpr std::uint64_t kOffset = 1'000'003;
  over_all("bin", [](Stage& stage, client::Protocol protocol) {
    for (const std::uint64_t point : {std::uint64_t{0}, kStep}) {
      change_at(stage, protocol, {Change::truncate, point, 0, kOffset});
      change_at(stage, protocol, {Change::truncate, point, kOffset + point, kOffset});
      change_at(stage, protocol, {Change::replace, point, 0, kOffset});
      change_at(stage, protocol, {Change::remove, point, 0, kOffset});
      change_at(stage, protocol, {Change::append, point, 0, kOffset});
    }
    change_at(stage, protocol, {Change::truncate, kStep, kLargest - 1, kOffset});
  });
}

TEST_CASE(
    "A file that is compressed as it is sent is cut off, or sent to its end, as one that is not") {
  over_all("txt", [](Stage& stage, client::Protocol protocol) {
    for (const Case& c :
         {Case{Change::truncate, 0}, Case{Change::truncate, kStep, kStep},
          Case{Change::truncate, kStep, kTextSize - 1}, Case{Change::replace, kStep},
          Case{Change::remove, 0}, Case{Change::append, kStep}}) {
      change_at(stage, protocol, {c.change, c.point, c.length, 0, true});
    }
  });
}

// Nobody can tell the new bytes from the old; but they are the file's, and no more than declared.
TEST_CASE("A file that is truncated and grown again ends, and has bytes of the file alone") {
  over_all("bin", [](Stage& stage, client::Protocol) {
    for (const std::uint64_t point : {std::uint64_t{0}, kStep}) {
      INFO(point);
      stage.renew(kLargest);
      Stage::Expected expected;
      {
        std::uint64_t received = 0;
        bool either = true;
        Transfer transfer(
            stage.client(), stage.request({}), [&](std::uint64_t at, std::string_view bytes) {
              const std::string_view was = std::string_view(old_content()).substr(at);
              const std::string_view is = std::string_view(new_content()).substr(at);
              const auto turn =
                  static_cast<std::size_t>(std::ranges::mismatch(bytes, was).in1 - bytes.begin());
              either = either && bytes.size() <= was.size() &&
                       is.substr(std::min(turn, is.size())).starts_with(bytes.substr(turn));
              received += bytes.size();
            });
        REQUIRE(transfer.run_to(point));
        expected = stage.make(Change::regrow, 0);
        REQUIRE(transfer.run_to_end());
        CHECK(either);
        CHECK(received <= kLargest);
        CHECK((transfer.fetch().failed() || received == kLargest));
      }
      check_visit(stage, expected);
    }
  });
}

TEST_CASE("No descriptor is left after files that changed while they were sent") {
  const auto once = [] {
    over_all("bin", [](Stage& stage, client::Protocol protocol) {
      change_at(stage, protocol, {Change::truncate, kStep, 0});
      change_at(stage, protocol, {Change::remove, kStep, 0});
      stage.renew(kLargest);
      // One that is given up, too.
      Transfer transfer(stage.client(), stage.request({}), [](auto, auto) {});
      REQUIRE(transfer.run_to(kStep));
      stage.make(Change::remove, 0);
      CHECK(stage.holds_deleted());
    });
  };
  once();  // what libraries make once and keep
  const std::size_t before = count_descriptors();
  once();
  CHECK(count_descriptors() == before);
}
