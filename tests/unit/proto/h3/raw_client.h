#pragma once
#include "h3_pair.h"
#include "wire.h"

namespace troika::test {

inline constexpr quic::StreamId kServerControl = 3;

// A client session whose peer is the test.
struct RawClient {
  RawClient() = default;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() {
    asks.clear();
    quic.lose();
    app.reset();
    CHECK(pool.outstanding() == 0);
    CHECK_FALSE(quic.broken);
  }

  BufferPool pool;
  SimClock clock;
  Limits limits;
  FakeQuic quic{false, {.stream_window = 1U << 20U, .connection_window = 4U << 20U}};
  std::unique_ptr<h3::ClientApplication> app = h3::make_client_session(pool, limits, quic);
  std::list<Ask> asks;

  void start(std::string_view settings = {}) {
    quic.start(*app, clock.now());
    send(kServerControl, varint(0) + frame(4, settings));
    run();
  }
  Ask& ask(const Request& request, std::unique_ptr<BodySource> body = nullptr) {
    Ask& ask = asks.emplace_back();
    auto stream = app->start(request, std::move(body), ask.receiver);
    REQUIRE(stream.has_value());
    ask.stream = std::move(*stream);
    run();
    return ask;
  }
  void send(quic::StreamId id, std::string_view bytes, bool fin = false) {
    quic.receive_text(id, bytes, fin, clock.now());
  }
  void exchange(quic::StreamId id, std::string_view bytes, bool fin = false) {
    send(id, bytes, fin);
    run();
  }
  void run() {
    while (quic.turn(clock.now())) quic.ack_all();
    for (Ask& each : asks) each.read();
    while (quic.turn(clock.now())) quic.ack_all();
  }
};

struct OpenClient : RawClient {
  OpenClient() { start(); }
};

}  // namespace troika::test
