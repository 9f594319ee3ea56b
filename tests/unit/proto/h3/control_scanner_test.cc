// The control stream of a client, in all pieces in which it can come.
#include "proto/h3/control_scanner.h"

#include "wire.h"

using namespace troika;
using namespace troika::test;
using h3::ControlScanner;

namespace {

constexpr std::uint64_t kSettings = 4, kGoaway = 7, kMaxPushId = 13;

struct Case {
  std::string name;
  std::string frames;
  std::optional<quic::AppError> fault = std::nullopt;
  std::size_t behind = 0;  // bytes of `frames` from the wrong one on
};

std::string settings() { return frame(kSettings, varint(1) + varint(100)); }

const std::vector<Case>& cases() {
  using std::string_literals::operator""s;
  static const std::vector<Case> all{
      {"nothing", ""},
      {"SETTINGS", settings()},
      {"empty SETTINGS", frame(kSettings, "")},
      {"what nobody knows", frame(0x21, "grease") + frame(0x40, "") + frame(0xf0700, "abcu=1")},
      {"a frame of 2^62-1 bytes", varint(0x21) + varint((1ULL << 62U) - 1) + "\x07\x02\x01\x01"},
      {"GOAWAY", frame(kGoaway, varint(5)) + frame(kGoaway, varint(1ULL << 40U))},
      {"GOAWAY in a longer form", frame(kGoaway, "\x40\x05")},
      {"MAX_PUSH_ID that grows", frame(kMaxPushId, varint(5)) + frame(kMaxPushId, varint(70'000))},
      {"the same twice", frame(kMaxPushId, varint(5)) + frame(kMaxPushId, "\x40\x05")},
      {"a type in a longer form", "\x40\x0d\x40\x01\x05"},
      {"MAX_PUSH_ID that falls", frame(kMaxPushId, varint(5)) + frame(kMaxPushId, varint(4)),
       kIdError, 1},
      {"MAX_PUSH_ID that falls to 0", frame(kMaxPushId, varint(1)) + frame(kMaxPushId, varint(0)),
       kIdError, 1},
      {"MAX_PUSH_ID that falls in between",
       frame(kMaxPushId, varint(70'000)) + settings() + frame(kMaxPushId, varint(69'999)), kIdError,
       1},
      {"one that falls, in a longer form",
       frame(kMaxPushId, varint(5)) + frame(kMaxPushId, "\xc0\0\0\0\0\0\0\x04"s), kIdError, 1},
      {"MAX_PUSH_ID with a byte behind", frame(kMaxPushId, varint(5) + "x"), kFrameError, 2},
      {"MAX_PUSH_ID that is cut short", frame(kMaxPushId, "\x80\x05\x05"), kFrameError, 3},
      {"MAX_PUSH_ID that is empty", frame(kMaxPushId, ""), kFrameError, 1},
      {"GOAWAY with a byte behind", frame(kGoaway, varint(5) + "\x21"), kFrameError, 2},
      {"GOAWAY with a whole frame behind", frame(kGoaway, varint(5) + frame(0x21, "")), kFrameError,
       3},
      {"GOAWAY that is cut short", frame(kGoaway, "\x40"), kFrameError, 1},
      {"GOAWAY that is empty", frame(kGoaway, ""), kFrameError, 1},
      {"GOAWAY of 2^62-1 bytes", varint(kGoaway) + varint((1ULL << 62U) - 1) + "\x05", kFrameError,
       1},
      {"after much else", settings() + frame(0x21, "\x07\x01") + frame(kGoaway, "\x05\x05"),
       kFrameError, 2},
  };
  return all;
}

// What the pieces give together, up to the first fault.
ControlScanner::Outcome scan(const std::vector<std::string_view>& pieces,
                             quic::StreamId stream = kControl) {
  ControlScanner scanner;
  ControlScanner::Outcome sum{0, std::nullopt};
  for (const std::string_view piece : pieces) {
    const auto [good, fault] = scanner.scan(stream, bytes_of(piece));
    sum = {sum.good + good, fault};
    if (fault) break;
  }
  return sum;
}

}  // namespace

TEST_CASE("h3: the control stream is scanned alike in whatever pieces it comes") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    for (const std::string& type : {varint(0), std::string("\x40\0", 2)}) {
      const std::string all = type + each.frames;
      const std::string_view text = all;
      const std::size_t good = text.size() - each.behind;
      std::vector<std::string_view> bytes;
      for (std::size_t i = 0; i < text.size(); ++i) {
        bytes.push_back(text.substr(i, 1));
        CAPTURE(i);
        const auto [taken, fault] = scan({text.substr(0, i), text.substr(i)});
        CHECK(fault == each.fault);
        CHECK(taken == good);
      }
      CHECK(scan(bytes).fault == each.fault);
      CHECK(scan(bytes).good == good);
    }
  }
}

TEST_CASE("h3: a long frame is skipped, and what follows it is scanned") {
  const std::string text = varint(0) + frame(0x21, std::string(20'000, '\x07'));
  CHECK(scan({text, frame(kGoaway, varint(1))}).fault == std::nullopt);
  CHECK(scan({text.substr(0, 10'000), text.substr(10'000), frame(kGoaway, "")}).fault ==
        kFrameError);
}

TEST_CASE("h3: only the control stream is scanned, whatever its id") {
  const std::string wrong = frame(kGoaway, "\x05\x05");
  for (const std::uint64_t type : {1U, 2U, 3U, 0x21U, 70'000U}) {
    const std::string text = varint(type) + wrong;
    CHECK(scan({text}).fault == std::nullopt);
    CHECK(scan({text.substr(0, 1), text.substr(1)}).good == text.size());
  }
  CHECK(scan({varint(0) + wrong}, kDecoder).fault == kFrameError);
}

TEST_CASE("h3: streams whose types come interleaved are told apart") {
  using std::string_literals::operator""s;
  const std::string wrong = frame(kGoaway, "\x05\x05");
  ControlScanner scanner;
  CHECK_FALSE(scanner.scan(kEncoder, bytes_of("\x40")).fault);
  CHECK_FALSE(scanner.scan(kControl, bytes_of("\x40")).fault);
  CHECK_FALSE(scanner.scan(kDecoder, bytes_of("")).fault);
  CHECK_FALSE(scanner.scan(kEncoder, bytes_of("\x02" + wrong)).fault);
  CHECK_FALSE(scanner.scan(kControl, bytes_of("\0"s)).fault);
  CHECK_FALSE(scanner.scan(kDecoder, bytes_of(varint(0) + wrong)).fault);  // nghttp3's business
  CHECK(scanner.scan(kControl, bytes_of(wrong)).fault == kFrameError);
}

TEST_CASE("h3: a stream that is closed leaves nothing behind") {
  ControlScanner scanner;
  CHECK_FALSE(scanner.scan(kEncoder, bytes_of("\xc0")).fault);
  scanner.closed(kEncoder);
  CHECK_FALSE(scanner.scan(kEncoder, bytes_of(varint(0))).fault);
  CHECK(scanner.scan(kEncoder, bytes_of(frame(kGoaway, ""))).fault == kFrameError);
}
