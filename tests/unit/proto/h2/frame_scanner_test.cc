// The frames of a client, in all pieces in which they can come.
#include "proto/h2/frame_scanner.h"

#include <catch2/catch_test_macros.hpp>

#include "raw_peer.h"

namespace troika::h2 {
namespace {

constexpr std::uint8_t kPadded = 8;
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct Case {
  std::string_view name;
  std::string frames;
  std::optional<std::size_t> behind = std::nullopt;  // bytes from the wrong one on
};

std::string open(std::uint32_t stream) { return frame(kHeaders, kEndHeaders, stream, "abc"); }

const std::vector<Case>& cases() {
  using std::string_literals::operator""s;
  static const std::vector<Case> all{
      {"nothing", ""},
      {"SETTINGS alone", frame(kSettings, 0, 0)},
      {"one frame of each kind",
       open(1) + frame(kData, 0, 1, "x") + frame(kPriority, 0, 1, "12345") +
           frame(kRstStream, 0, 1, u32(8)) + frame(kPing, 0, 0, "12345678") +
           frame(kWindowUpdate, 0, 0, u32(1)) + frame(0x7f, 0xff, 0, "unknown") +
           frame(kContinuation, kEndHeaders, 1, "x") + frame(kGoaway, 0, 0, u32(0) + u32(0))},
      {"PRIORITY on an idle stream", frame(kPriority, 0, 9, "12345")},
      {"PRIORITY on stream 0", open(1) + frame(kPriority, 0, 0, "12345"), 6},
      {"with the reserved bit", frame(kPriority, 0, 0x80000000, "12345"), 6},
      {"an empty one", frame(kPriority, 0, 0), 1},
      {"the same stream again", open(1) + open(1)},
      {"trailers of one of several", open(1) + open(3) + open(5) + open(3)},
      {"ids that begin late and go on", open(15) + open(17) + open(15) + open(19)},
      {"a skipped id", open(1) + open(5) + open(3), 4},
      {"with the reserved bit, too", open(1) + open(5) + open(0x80000003), 4},
      {"the lowest of a range", open(7) + open(1), 4},
      {"the highest of a range", open(7) + open(5), 4},
      {"the last of several ranges", open(5) + open(7) + open(11) + open(9), 4},
      {"the first of several ranges", open(5) + open(7) + open(11) + open(3), 4},
      {"the highest id there is", open(0x7fffffff) + open(0x7fffffff)},
      {"and one below", open(0x7fffffff) + open(0x7ffffffd), 4},
      {"DATA on a skipped id is skipped as on a closed one", open(5) + frame(kData, 0, 3, "x")},
      {"even ids are nghttp2's", open(7) + open(2)},
      {"padding that fits", frame(kData, kPadded, 1, "\x02xxx")},
      {"nothing but padding",
       frame(kData, kPadded, 1, "\x03xxx") + frame(kData, kPadded, 1, "\0"s)},
      {"of the highest length", frame(kData, kPadded, 1, "\xff" + std::string(255, 'x'))},
      {"one byte too long", frame(kData, kPadded, 1, "\x04xxx"), 4},
      {"far too long", frame(kData, kPadded, 1, "\xff") + frame(kData, 0, 1), 10},
      {"no room for the length", frame(kData, kPadded, 1), 1},
      {"HEADERS are nghttp2's", frame(kHeaders, kPadded | kEndHeaders, 1, "\xffxxx")},
      {"a large frame",
       frame(0x7f, 0, 0, std::string(400, static_cast<char>(kPriority))) + open(3) + open(1), 4},
  };
  return all;
}

std::optional<std::size_t> scan(const std::vector<std::string_view>& pieces) {
  const Limits limits;
  FrameScanner scanner(limits);
  std::size_t before = 0;
  for (const std::string_view piece : pieces) {
    if (const auto wrong = scanner.scan(test::bytes_of(piece), {})) return before + wrong->at;
    before += piece.size();
  }
  return std::nullopt;
}

// Opens every fourth id, `gaps` of them skipped, and asks for one of the first that was.
bool forgets_first_of(std::size_t gaps) {
  const Limits limits;
  FrameScanner scanner(limits);
  std::string text(kPreface);
  for (std::size_t i = 1; i <= gaps; ++i) text += open(static_cast<std::uint32_t>(4 * i - 1));
  CHECK_FALSE(scanner.scan(test::bytes_of(text), {}));
  return !scanner.scan(test::bytes_of(open(1)), {});
}

TEST_CASE("frames are scanned alike in whatever pieces they come") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    const std::string all = std::string(kPreface) + each.frames;
    const std::string_view text = all;
    const auto expected = each.behind ? std::optional(text.size() - *each.behind) : std::nullopt;
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
      bytes.push_back(text.substr(i, 1));
      CAPTURE(i);
      CHECK(scan({text.substr(0, i), text.substr(i)}) == expected);
    }
    CHECK(scan(bytes) == expected);
  }
}

TEST_CASE("a PING that comes byte by byte has its acknowledgement, and so has the next one") {
  OpenPeer peer;
  const std::string pings = frame(kPing, 0, 0, "12345678") + frame(kPing, 0, 0, "abcdefgh");
  for (const char& byte : pings) peer.exchange(std::string(1, byte));
  std::vector<std::string> payloads;
  for (const auto& each : peer.frames) {
    if (each.type == kPing) payloads.push_back(each.payload);
  }
  CHECK(payloads == std::vector<std::string>{"12345678", "abcdefgh"});
  CHECK_FALSE(peer.goaway_code());
}

TEST_CASE("as many ranges of skipped ids are remembered as the limit says, the newest") {
  const Limits limits;
  CHECK_FALSE(forgets_first_of(limits.h2_skipped_ids));
  CHECK(forgets_first_of(limits.h2_skipped_ids + 1));
}

}  // namespace
}  // namespace troika::h2
