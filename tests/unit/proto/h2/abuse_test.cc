// Bounds on what a peer can make the connection do, and that cancelled work stops at once.
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "raw_peer.h"

namespace troika::h2 {
namespace {

using test::hold;

constexpr std::uint32_t kProtocolError = 1, kFlowControlError = 3, kRefusedStream = 7,
                        kEnhanceYourCalm = 11;

std::uint32_t odd(std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); }

TEST_CASE("a hundred streams are served at once and one more ends the connection") {
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = hold(jobs);
  for (std::size_t i = 0; i < peer.limits.concurrent_streams; ++i) {
    std::ignore = peer.send(peer.get(odd(i)));
  }
  peer.settle();
  CHECK(jobs == 100);
  CHECK_FALSE(peer.goaway_code());
  peer.exchange(peer.get(odd(100)));
  CHECK(peer.goaway_code() == kProtocolError);
  CHECK(jobs == 0);
  CHECK(peer.handler.started == 100);
  CHECK(peer.server->interest().finished);
}

TEST_CASE("one stream too many is only refused before the client knows the limit") {
  int jobs = 0;
  RawPeer peer;
  peer.limits.concurrent_streams = 2;
  peer.handler.answer = hold(jobs);
  std::ignore = peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0));
  for (std::size_t i = 0; i < 3; ++i) std::ignore = peer.send(peer.get(odd(i)));
  peer.settle();
  CHECK(jobs == 2);
  CHECK(peer.reset_code(5) == kRefusedStream);
  CHECK_FALSE(peer.goaway_code());
}

TEST_CASE("requests that are reset in the same read never reach a handler") {
  OpenPeer peer;
  std::string bytes;
  for (std::size_t i = 0; i < 500; ++i) {
    bytes += peer.get(odd(i)) + frame(kRstStream, 0, odd(i), u32(8));
  }
  CHECK(peer.send(bytes));
  peer.settle();
  CHECK(peer.handler.started == 0);
  CHECK(peer.observer.entries.size() == 500);
  CHECK(peer.observer.entries[0].aborted == AbortReason::peer_reset);
  CHECK_FALSE(peer.goaway_code());
}

TEST_CASE("a thousand resets are taken and more ends the connection") {
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = hold(jobs);
  for (std::size_t i = 0; i < 1000; ++i) {
    std::ignore = peer.send(peer.get(odd(i)));
    peer.flush();
    REQUIRE(jobs == 1);
    std::ignore = peer.send(frame(kRstStream, 0, odd(i), u32(8)));
    REQUIRE(jobs == 0);  // before the flush
  }
  CHECK_FALSE(peer.goaway_code());
  // nghttp2 looks at a clock of its own and forgives 33 a second, so a slow run takes a few more.
  for (std::size_t i = 1000; i < 1400 && !peer.goaway_code(); ++i) {
    peer.exchange(peer.get(odd(i)) + frame(kRstStream, 0, odd(i), u32(8)));
  }
  CHECK(peer.goaway_code());
  CHECK(peer.server->interest().finished);
}

TEST_CASE("a reset that the peer provokes cancels the work as its own would") {
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = hold(jobs);
  std::ignore = peer.send(peer.get(1));
  peer.flush();
  CHECK(jobs == 1);
  std::ignore = peer.send(frame(kWindowUpdate, 0, 1, u32(0x7fffffff)));
  CHECK(jobs == 0);  // before the flush
  peer.settle();
  CHECK(peer.reset_code(1) == kFlowControlError);
  // In one read with the request: the handler does not start.
  std::string bytes;
  for (std::size_t i = 1; i <= 50; ++i) {
    bytes += peer.get(odd(i)) + frame(kWindowUpdate, 0, odd(i), u32(0x7fffffff));
  }
  peer.exchange(bytes);
  CHECK(peer.handler.started == 1);
  CHECK(peer.count(kRstStream) == 51);
  CHECK(peer.observer.entries.size() == 51);
}

TEST_CASE("a thousand PINGs wait for their acknowledgements and more end the connection") {
  OpenPeer peer;
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += frame(kPing, 0, 0, "12345678");
  CHECK(peer.send(pings));
  peer.settle();
  CHECK(peer.count(kPing) == 1000);
  CHECK(peer.send(pings));
  const Status status = peer.send(frame(kPing, 0, 0, "12345678"));
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::limit);
  peer.settle();
  CHECK(peer.goaway_code() == kEnhanceYourCalm);
  CHECK(peer.server->interest().finished);
}

// What costs the client a reset or a refusal of ours, once for each new stream.
TEST_CASE("two hundred faults of a client are taken, a GOAWAY comes at 150, and one more ends it") {
  struct Vector {
    std::string_view name;
    std::function<std::string(OpenPeer&, std::uint32_t id)> bytes;
  };
  const auto bad = [](RawFields fields) {
    return [fields](OpenPeer& peer, std::uint32_t id) { return peer.headers(id, fields); };
  };
  RawFields upper = get_fields(), te = get_fields(), host = get_fields(),
            short_body = post_fields();
  upper.emplace_back("X-Upper", "v");
  te.emplace_back("te", "gzip");
  host.emplace_back("host", "other.test");
  short_body.emplace_back("content-length", "5");
  for (const Vector& vector : std::vector<Vector>{
           {"a window that overflows",
            [](OpenPeer& peer, std::uint32_t id) {
              return peer.headers(id, post_fields(), false) +
                     frame(kWindowUpdate, 0, id, u32(0x7fffffff));
            }},
           {"a malformed request", bad(upper)},
           {"a field of one h1 connection", bad(te)},
           {"a Content-Length that does not hold",
            [&](OpenPeer& peer, std::uint32_t id) {
              return peer.headers(id, short_body, false) + frame(kData, kEndStream, id, "123");
            }},
           {"a request that is refused", bad(host)}}) {
    INFO(vector.name);
    OpenPeer peer;
    for (std::size_t i = 0; i < 149; ++i) peer.exchange(vector.bytes(peer, odd(i)));
    CHECK_FALSE(peer.goaway_code());
    peer.exchange(peer.get(odd(149)));
    CHECK(peer.status(odd(149)) == "200");
    peer.exchange(vector.bytes(peer, odd(150)));
    peer.settle();
    CHECK(peer.goaway_code() == 0U);  // no new requests
    CHECK(peer.find(kGoaway, 0)->last_stream() == 0x7fffffff);
    for (std::size_t i = 151; i < 201; ++i) peer.exchange(vector.bytes(peer, odd(i)));
    CHECK(peer.count(kGoaway) == 1);
    CHECK_FALSE(peer.server->interest().finished);
    peer.exchange(vector.bytes(peer, odd(201)));
    peer.settle();
    CHECK(peer.frames.back().type == kGoaway);
    CHECK(peer.frames.back().code() == kEnhanceYourCalm);
    CHECK(peer.server->interest().finished);
  }
}

TEST_CASE("ten thousand frames that ask for nothing are taken, and one more ends the connection") {
  const std::vector<std::pair<std::string_view, std::string>> vectors{
      {"unknown frames", frame(0x42, 0, 0, "x")},
      {"PRIORITY", frame(kPriority, 0, 1, std::string("\0\0\0\0\x10", 5))},
      {"PRIORITY_UPDATE", frame(0x10, 0, 0, u32(1) + "u=1")},
      {"empty DATA", frame(kData, 0, 1)},
      {"DATA of padding alone", frame(kData, 8, 1, std::string(1, '\0'))},
      {"SETTINGS that are acknowledged", frame(kSettings, 0, 0)},
      {"PING that is acknowledged", frame(kPing, 0, 0, "12345678")},
      {"a window that opens by one byte", frame(kWindowUpdate, 0, 0, u32(1))},
  };
  for (const auto& [name, one] : vectors) {
    INFO(name);
    int jobs = 0;
    OpenPeer peer;
    peer.handler.answer = hold(jobs);
    peer.exchange(peer.headers(1, post_fields(), false));
    const std::size_t before = peer.services.misconduct.glitches;
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += one;
    const auto send = [&](std::size_t count) {
      for (; count >= 100; count -= 100) peer.exchange(hundred);
      for (; count > 0; --count) peer.exchange(one);
    };
    send(7'500 - before - 1);
    CHECK_FALSE(peer.goaway_code());
    send(1);
    peer.settle();
    CHECK(peer.goaway_code() == 0U);
    send(2'500);
    CHECK(peer.count(kGoaway) == 1);
    CHECK(jobs == 1);
    const Status status = peer.send(one);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::limit);
    peer.settle();
    CHECK(peer.frames.back().code() == kEnhanceYourCalm);
    CHECK(jobs == 0);
    CHECK(peer.server->interest().finished);
  }
}

TEST_CASE("a drip of one byte a window ends the connection, a download in small pieces does not") {
  for (const bool drips : {true, false}) {
    CAPTURE(drips);
    constexpr std::size_t kPiece = 4096;
    RawPeer peer;
    peer.handler.answer = test::with_pattern(64U << 20U);
    peer.preface(setting(4, 0));
    std::ignore = peer.send(peer.get(1));
    peer.settle();
    const auto step = static_cast<std::uint32_t>(drips ? 1 : kPiece);
    const std::string more =
        frame(kWindowUpdate, 0, 1, u32(step)) + frame(kWindowUpdate, 0, 0, u32(step));
    for (int i = 0; i < 12'000 && !peer.server->interest().finished; ++i) peer.exchange(more);
    CHECK(peer.server->interest().finished == drips);
    CHECK((peer.services.misconduct.glitches > 5000) == drips);
    peer.frames.clear();
  }
}

TEST_CASE("a SETTINGS frame with 32 entries is taken and one with 33 ends the connection") {
  for (const std::size_t count : {32U, 33U}) {
    OpenPeer peer;
    std::string settings;
    for (std::size_t i = 0; i < count; ++i) settings += setting(0x4242, 1);
    peer.exchange(frame(kSettings, 0, 0, settings));
    CHECK(peer.goaway_code().has_value() == (count == 33));
  }
}

TEST_CASE("a queue of frames that the peer does not read stops reading, then the connection") {
  RawPeer peer;
  peer.limits.h2_outbound_frames = 200;
  peer.preface();
  peer.settle();
  const std::string ping = frame(kPing, 0, 0, "12345678");
  for (int i = 0; i < 100; ++i) std::ignore = peer.send(ping);
  CHECK(peer.server->interest().wants_read);
  std::ignore = peer.send(ping);
  CHECK_FALSE(peer.server->interest().wants_read);
  std::string more;
  for (int i = 101; i < 200; ++i) more += ping;
  CHECK(peer.send(more));
  const Status status = peer.send(ping);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::limit);
  peer.settle();
  CHECK(peer.goaway_code() == kEnhanceYourCalm);
}

TEST_CASE("reading stops while the output queue is full, and goes on when it empties") {
  RawPeer peer;
  peer.handler.answer = test::with_pattern(1U << 20U);
  peer.preface(setting(4, 1U << 20U));
  std::ignore = peer.send(frame(kWindowUpdate, 0, 0, u32(1U << 24U)));
  std::ignore = peer.send(peer.get(1));
  std::ignore = peer.produce_only();
  CHECK(peer.queued() >= peer.high);
  CHECK(peer.queued() < peer.high + 16384 + 9);
  CHECK_FALSE(peer.server->interest().wants_read);
  CHECK(peer.server->interest().has_output);
  peer.take();
  CHECK(peer.server->interest().wants_read);
  peer.settle();
  CHECK(peer.body(1) == test::pattern(1U << 20U));
  CHECK(peer.ended(1));
}

TEST_CASE("a hundred streams without a window read nothing from their bodies") {
  std::vector<test::BodyProbe> probes(100);
  std::size_t next = 0;
  RawPeer peer;
  peer.handler.answer = test::with_body([&](RequestContext context) {
    return test::body_of(context.services.pool, test::pattern(100'000), &probes[next++]);
  });
  peer.preface(setting(4, 0));
  for (std::size_t i = 0; i < 100; ++i) std::ignore = peer.send(peer.get(odd(i)));
  peer.settle();
  CHECK(peer.status(199) == "200");
  for (const auto& probe : probes) CHECK(probe.pulls == 0);
  CHECK(peer.pool.outstanding() == 0);
  // A byte at a time opens no more than that.
  peer.exchange(frame(kWindowUpdate, 0, 1, u32(1)));
  CHECK(peer.body(1) == "a");
  CHECK(peer.pool.outstanding() <= 4096);
  // No progress: each is reset, and then the idle connection ends.
  peer.clock.advance(peer.exchange_timeouts.write_progress);
  peer.server->on_deadline(peer.clock.now());
  peer.settle();
  CHECK(peer.count(kRstStream) == 100);
  CHECK(peer.observer.entries.size() == 100);
  for (const auto& probe : probes) CHECK(probe.alive == 0);
}

TEST_CASE("a client that sends past its stream window loses its connection or stream") {
  int jobs = 0;
  OpenPeer peer;
  peer.handler.answer = hold(jobs);
  std::ignore = peer.send(peer.headers(1, post_fields(), false));
  const std::string chunk(16384, 'x');
  for (int i = 0; i < 4; ++i) CHECK(peer.send(frame(kData, 0, 1, chunk)));
  peer.settle();
  CHECK(jobs == 1);  // 64 KiB is what the window holds
  peer.exchange(frame(kData, 0, 1, "x"));
  CHECK((peer.goaway_code() == kFlowControlError || peer.reset_code(1) == kFlowControlError));
  CHECK(jobs == 0);
  CHECK(peer.pool.outstanding() == 0);
}

TEST_CASE("frames that break the protocol end the connection and cancel its work") {
  const std::vector<std::string> all{
      frame(kData, 0, 0, "x"),
      frame(kData, 0, 7, "x"),                       // idle stream
      frame(kHeaders, kEndHeaders | kEndStream, 2),  // even id
      frame(kHeaders, kEndHeaders, 5, "\x3f"),       // HPACK that ends nowhere
      frame(kRstStream, 0, 9, u32(8)),               // idle stream
      frame(kRstStream, 0, 1, "abc"),
      frame(kSettings, 0, 0, "abc"),
      frame(kSettings, 0, 1),
      frame(kSettings, 0, 0, setting(4, 0x80000000)),  // window above 2^31 - 1
      frame(kSettings, 0, 0, setting(5, 1)),           // frame size below 2^14
      frame(kPushPromise, kEndHeaders, 1, u32(2)),
      frame(kPing, 0, 0, "short"),
      frame(kPing, 0, 1, "12345678"),
      frame(kGoaway, 0, 1, u32(0) + u32(0)),
      frame(kWindowUpdate, 0, 0, u32(0)),
      frame(kWindowUpdate, 0, 0, u32(0x7fffffff)),
      frame(kContinuation, kEndHeaders, 1),
      frame(kData, 0, 1, std::string(16385, 'x')),  // larger than announced
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    int jobs = 0;
    OpenPeer peer;
    peer.handler.answer = hold(jobs);
    peer.exchange(peer.headers(1, post_fields(), false));
    CHECK(jobs == 1);
    peer.exchange(all[i] + peer.get(11));
    CHECK(peer.goaway_code());
    CHECK(peer.server->interest().finished);
    CHECK(jobs == 0);
    CHECK(peer.handler.started == 1);
    CHECK(peer.observer.entries.size() == 1);
    peer.exchange(frame(kPing, 0, 0, "12345678") + std::string(20000, '\xff'));
    CHECK(peer.count(kGoaway) == 1);
  }
}

TEST_CASE("streams whose last bytes wait in the queue still count, so reading stops") {
  RawPeer peer;
  peer.limits.concurrent_streams = 4;
  peer.preface();
  std::size_t i = 0;
  while (peer.server->interest().wants_read && i < 100) {
    std::ignore = peer.send(peer.get(odd(i++)));
    std::ignore = peer.produce_only();
  }
  CHECK(i == 8);
  peer.take();
  CHECK(peer.server->interest().wants_read);
  CHECK(peer.observer.entries.size() == 8);
}

}  // namespace
}  // namespace troika::h2
