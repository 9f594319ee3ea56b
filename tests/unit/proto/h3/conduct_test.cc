// What a client does wrong on one connection: the two buckets, at n - 1, n and n + 1.
#include <functional>

#include "wire.h"

using namespace troika;
using namespace troika::test;

namespace {

using Misdeed = std::function<void(OpenServer&, quic::StreamId)>;

struct Vector {
  std::string_view name;
  Misdeed misdeed;
};

quic::StreamId nth(std::size_t i) { return static_cast<quic::StreamId>(4 * i); }

bool goes_away(OpenServer& raw) {  // the GOAWAY that names no request (RFC 9114 §5.2)
  const std::string notice = frame(7, varint((1ULL << 62U) - 4));
  return raw.quic.streams.at(kServerControl).sent.contains(notice);
}

}  // namespace

TEST_CASE("h3: two hundred faults are taken, a GOAWAY comes at 150, and one more ends it") {
  Fields host = get_fields();
  host.emplace_back("host", "other.test");
  for (const Vector& vector : std::vector<Vector>{
           {"a request stream that ends before its first byte",
            [](OpenServer& raw, quic::StreamId id) { raw.exchange(id, "", true); }},
           {"a request that is refused",
            [&](OpenServer& raw, quic::StreamId id) {
              raw.exchange(id, headers_frame(host), true);
            }},
       }) {
    INFO(vector.name);
    OpenServer raw;
    std::size_t next = 0;
    const auto repeat = [&](std::size_t times) {
      for (std::size_t i = 0; i < times; ++i) {
        vector.misdeed(raw, nth(next++));
        raw.quic.ack_all();
        raw.run();
      }
    };
    repeat(149);
    CHECK_FALSE(goes_away(raw));
    repeat(1);
    CHECK(raw.services.misconduct.faults == 150);
    CHECK(goes_away(raw));
    CHECK(raw.services.misconduct.drained == 1);
  }
}

// Those that were under way before the GOAWAY; later ones are not looked at.
TEST_CASE("h3: one fault more than the limit ends the connection") {
  for (const std::size_t over : {0U, 1U}) {
    RawServer raw;
    raw.limits.faults.burst = 40;
    raw.start();
    for (std::size_t i = 0; i < 40 + over; ++i) raw.send(nth(i), "", true);
    CHECK(raw.services.misconduct.faults == 40 + over);
    CHECK(raw.quic.closed ==
          (over == 0 ? std::optional<quic::AppError>() : std::optional(kExcessiveLoad)));
  }
}

TEST_CASE("h3: ten thousand frames that ask for nothing are taken, and one more ends it") {
  const std::vector<std::pair<std::string_view, std::pair<quic::StreamId, std::string>>> vectors{
      {"unknown frames", {0, frame(0x21, "x")}},
      {"unknown frames without content", {0, frame(0x40, "")}},
      {"empty DATA", {0, data_frame("")}},
      {"unknown frames on the control stream", {kControl, frame(0x21, "x")}},
      {"PRIORITY_UPDATE", {kControl, frame(0xf0700, varint(0) + "u=1")}},
      {"the same MAX_PUSH_ID", {kControl, frame(13, varint(5))}},
  };
  for (const auto& [name, what] : vectors) {
    INFO(name);
    const auto& [stream, one] = what;
    int jobs = 0;
    OpenServer raw;
    raw.handler.answer = hold(jobs);
    raw.exchange(0, headers_frame(post_fields()));
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += one;
    const auto send = [&](std::size_t count) {
      for (; count >= 100; count -= 100) raw.exchange(stream, hundred);
      for (; count > 0; --count) raw.exchange(stream, one);
    };
    send(7'499);
    CHECK_FALSE(goes_away(raw));
    send(1);
    CHECK(goes_away(raw));
    send(2'500);
    CHECK(raw.quic.alive());
    CHECK(jobs == 1);
    send(1);
    CHECK(raw.quic.closed == kExcessiveLoad);
    CHECK(jobs == 0);
  }
}

TEST_CASE("h3: somebody who cancels the hundred requests of each page stays welcome") {
  OpenServer raw;
  int jobs = 0;
  raw.handler.answer = hold(jobs);
  for (std::size_t i = 0; i < 2'000; ++i) {
    raw.exchange(nth(i), headers_frame(get_fields()), true);
    raw.quic.receive_stop_sending(nth(i), kRequestCancelled);
    raw.run();
    raw.quic.ack_all();
    if (i % 100 == 99) raw.pass(std::chrono::milliseconds(500));
  }
  CHECK(raw.services.misconduct.glitches == 2'000);
  CHECK(raw.services.misconduct.faults == 0);
  CHECK_FALSE(goes_away(raw));
  raw.exchange(nth(2'000), headers_frame(get_fields()), true);
  CHECK(raw.handler.started == 2'001);
}

TEST_CASE("h3: a client that was sent away is closed when its requests are over") {
  RawServer raw;
  raw.limits.faults.burst = 4;
  raw.limits.faults.per_second = 1;
  raw.start();
  int jobs = 0;
  raw.handler.answer = hold(jobs);
  raw.exchange(0, headers_frame(get_fields()), true);
  for (const std::size_t i : {1U, 2U, 3U}) raw.exchange(nth(i), "", true);
  CHECK(raw.services.misconduct.drained == 1);
  raw.pass(std::chrono::seconds(2));
  CHECK(raw.quic.alive());
  CHECK(jobs == 1);
  raw.quic.receive_stop_sending(0, kRequestCancelled);
  raw.run();
  raw.quic.ack_all();
  raw.run();
  CHECK(raw.quic.closed == kNoErrorCode);
}

// RFC 9000 §3.5: it should reset the stream. As it does not, the stream keeps its place.
TEST_CASE("h3: a client that goes on after STOP_SENDING keeps no more streams than it has") {
  for (const bool ignores : {false, true}) {
    CAPTURE(ignores);
    RawServer raw;
    raw.limits.concurrent_streams = 40;
    raw.start();
    std::size_t next = 0;
    const auto refuse = [&](std::size_t times) {
      for (std::size_t i = 0; i < times; ++i, ++next) {
        raw.exchange(nth(next), headers_frame(post_fields()) + data_frame("abc"));
      }
      raw.pass(raw.timeouts.linger);  // STOP_SENDING
      for (std::size_t i = next - times; i < next; ++i) {
        REQUIRE(raw.quic.streams.at(nth(i)).stop_sent);
        if (!ignores) raw.quic.receive_reset(nth(i), kNoErrorCode);
      }
      raw.run();
      raw.quic.ack_all();
      raw.pass(raw.timeouts.linger - std::chrono::milliseconds(1));
    };
    refuse(18);
    CHECK(raw.services.misconduct.faults == 0);
    raw.pass(std::chrono::milliseconds(1));
    CHECK(raw.services.misconduct.faults == (ignores ? 144 : 0));
    CHECK(raw.quic.bidi_granted == (ignores ? 0 : 18));
    CHECK_FALSE(raw.services.misconduct.drained);
    refuse(22);
    raw.pass(std::chrono::milliseconds(1));
    CHECK(raw.services.misconduct.drained == (ignores ? 1 : 0));
    CHECK(raw.quic.closed.has_value() == ignores);
  }
}
