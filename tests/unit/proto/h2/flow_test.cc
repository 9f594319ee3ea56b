// Flow control in both directions.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "pair.h"
#include "raw_peer.h"

namespace troika::h2 {
namespace {

using test::body_of;
using test::BodyProbe;
using test::CountedJob;
using test::PatternBody;

// `size` bytes that cost nothing to make.
class StaticBody final : public BodySource {
 public:
  explicit StaticBody(std::size_t size) : left_(size) {}
  Result<Pulled> pull(std::size_t max_bytes) override {
    static constexpr std::array<std::byte, 16384> kZeros{};
    const std::size_t size = std::min({max_bytes, left_, kZeros.size()});
    if (size == 0) return Pulled{};
    left_ -= size;
    return Pulled{PullState::data, Slice::of_static(std::span(kZeros).first(size))};
  }
  void set_waker(Waker*) noexcept override {}
  std::optional<std::uint64_t> remaining() const noexcept override { return left_; }

 private:
  std::size_t left_;
};

TEST_CASE("an unread upload stops at the stream window and moves on when read") {
  int jobs = 0;
  BodySource* upload = nullptr;
  Responder* answer = nullptr;
  BodyProbe up;
  Pair pair;
  pair.handler.answer = test::hold(jobs, &answer, &upload);
  Call& call = pair.fetch(make_request("/", Method::post),
                          body_of(pair.pool, test::pattern(1'000'000), &up));
  CHECK(up.pulled_bytes == pair.limits.stream_window);
  std::string got;
  for (int i = 0; i < 1000 && got.size() < 1'000'000; ++i) {
    const auto pulled = upload->pull(10'000);
    REQUIRE(pulled);
    if (pulled->state == PullState::data) got += test::text_of(pulled->bytes.bytes());
    pair.run();
    CHECK(up.pulled_bytes <= got.size() + pair.limits.stream_window);
  }
  CHECK(got == test::pattern(1'000'000));
  CHECK(test::read_body(*upload, got) == test::ReadState::end);
  std::ignore = answer->respond({}, nullptr);
  pair.run();
  CHECK(call.whole());
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("an unread download stops at the client's window and moves on when read") {
  BodyProbe down;
  Pair pair;
  pair.handler.answer = test::with_body([&](RequestContext context) {
    return test::body_of(context.services.pool, test::pattern(4U << 20U), &down);
  });
  Call& call = pair.start(make_request("/"));
  pair.wire->run();
  CHECK(down.pulled_bytes == 1U << 20U);
  pair.run();
  CHECK(call.whole());
  CHECK(call.body == test::pattern(4U << 20U));
}

TEST_CASE("one stalled upload leaves the window of the connection to the others") {
  int jobs = 0;
  Pair pair;
  pair.handler.answer = [&](RequestContext context, Responder& responder) -> std::unique_ptr<Job> {
    if (context.request.target.path == "/stall") return std::make_unique<CountedJob>(jobs);
    std::ignore = responder.respond({}, nullptr);
    return nullptr;
  };
  for (int i = 0; i < 10; ++i) {
    pair.start(make_request("/stall", Method::post),
               std::make_unique<PatternBody>(pair.pool, 1U << 20U));
  }
  pair.run();
  CHECK(jobs == 10);
  for (int i = 0; i < 50; ++i) {
    Call& call =
        pair.fetch(make_request("/", Method::post), body_of(pair.pool, test::pattern(60'000)));
    REQUIRE(call.whole());
  }
}

TEST_CASE("ten thousand refused uploads of 100 KiB leave the connection's window full") {
  int jobs = 0;
  std::vector<BodyProbe> probes(17);
  Pair pair;
  Call* last = nullptr;
  for (int i = 0; i < 10'000; ++i) {
    pair.calls.clear();
    last = &pair.fetch(make_request("/", Method::post), std::make_unique<StaticBody>(100U << 10U));
    REQUIRE(last->whole());
  }
  CHECK(pair.handler.started == 10'000);
  CHECK(pair.pool.outstanding() == 0);
  // Sixteen uploads of a whole stream window each fill the connection's: all of it is there.
  pair.handler.answer = test::hold(jobs);
  pair.calls.clear();
  for (BodyProbe& probe : probes) {
    pair.start(make_request("/", Method::post),
               body_of(pair.pool, test::pattern(100U << 10U), &probe));
  }
  pair.run();
  std::size_t held = 0;
  for (const BodyProbe& probe : probes) held += probe.pulled_bytes;
  // nghttp2 announces consumed bytes by halves of a window: what is not announced yet is room, too.
  CHECK(held >= pair.limits.connection_window / 2);
  CHECK(held <= pair.limits.connection_window);
}

TEST_CASE("uploads that are cancelled unread give their bytes back") {
  int jobs = 0;
  Pair pair;
  pair.handler.answer = test::hold(jobs);
  for (int i = 0; i < 200; ++i) {
    pair.fetch(make_request("/", Method::post),
               std::make_unique<PatternBody>(pair.pool, 100U << 10U));
    REQUIRE(jobs == 1);
    REQUIRE(pair.pool.outstanding() >= pair.limits.stream_window);  // it did arrive
    pair.calls.clear();
    pair.run();
    REQUIRE(jobs == 0);
  }
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("downloads that are dropped unread give their bytes back to the client's window") {
  Pair pair;
  pair.handler.answer = test::with_pattern(900U << 10U);
  for (int i = 0; i < 50; ++i) {
    Call& call = pair.start(make_request("/"));
    pair.wire->run();
    REQUIRE(call.receiver.status() == 200);
    REQUIRE(pair.pool.outstanding() >= 900U << 10U);
    pair.calls.clear();
    pair.run();
  }
  CHECK(pair.fetch(make_request("/")).body == test::pattern(900U << 10U));
  CHECK(pair.pool.outstanding() == 0);
}

TEST_CASE("padding counts for flow control and comes back without being read") {
  BodySource* upload = nullptr;
  RawPeer peer;
  peer.handler.answer = [&](RequestContext context, Responder&) {
    upload = &context.body;
    return std::make_unique<Job>();
  };
  peer.preface();
  std::ignore = peer.send(peer.headers(1, post_fields(), false));
  std::ignore = peer.flush();
  REQUIRE(upload != nullptr);
  const std::string padded = std::string(1, '\xff') + "x" + std::string(255, '\0');
  constexpr std::uint8_t kPadded = 8;
  std::string got;
  for (int i = 0; i < 10'000; ++i) {  // 2.5 MB of windows for 10 KB of body
    REQUIRE(peer.send(frame(kData, kPadded, 1, padded)));
    std::ignore = test::read_body(*upload, got);
    std::ignore = peer.flush();
  }
  CHECK(got == std::string(10'000, 'x'));
  CHECK_FALSE(peer.goaway_code());
  CHECK_FALSE(peer.reset_code(1));
}

TEST_CASE("the client starts as many requests as the server allows, and one more is refused") {
  int jobs = 0;
  Pair pair([](test::Bench& bench) { bench.limits.concurrent_streams = 3; });
  pair.handler.answer = test::hold(jobs);
  pair.run();  // the client learns the limit
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(pair.client->full());
    REQUIRE(pair.start(make_request("/")).stream);
  }
  CHECK(pair.client->full());
  test::RecordingReceiver receiver;
  const auto fourth = pair.client->start(make_request("/"), nullptr, receiver);
  REQUIRE_FALSE(fourth);
  CHECK(fourth.error().code == ErrorCode::unavailable);
  pair.run();
  CHECK(jobs == 3);
  pair.calls.pop_front();
  pair.run();
  CHECK(pair.start(make_request("/")).stream);
}

TEST_CASE("A server without room to write stops reading, but not before the handshake is done") {
  for (const bool handshaking : {true, false}) {
    CAPTURE(handshaking);
    Pair pair([&](test::Bench& bench) { bench.peer.security.handshaking = handshaking; });
    pair.run();
    pair.wire->high = 0;
    pair.wire->run();
    CHECK(pair.server->interest().wants_read == handshaking);
  }
}

}  // namespace
}  // namespace troika::h2
