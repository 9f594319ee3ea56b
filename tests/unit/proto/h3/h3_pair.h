#pragma once
#include "proto/h3/session.h"
#include "support/fake_quic.h"
#include "support/session_pair.h"

namespace troika::test {

// Over two ends of FakeQuic.
struct H3Pair : SessionPair {
  H3Pair() : SessionPair("h3") {}
  H3Pair(const H3Pair&) = delete;
  H3Pair& operator=(const H3Pair&) = delete;
  ~H3Pair() override {
    calls.clear();
    client_app.reset();
    server_app.reset();
    CHECK(pool.outstanding() == 0);
    CHECK_FALSE(client->broken);
    CHECK_FALSE(server->broken);
  }

  FakeQuic::Settings client_settings{
      .stream_window = 1U << 20U, .connection_window = 4U << 20U, .bidi_streams = 0};
  std::unique_ptr<FakeQuic> client, server;
  std::unique_ptr<h3::ClientApplication> client_app;
  std::unique_ptr<quic::QuicApplication> server_app;

  void open() override {
    const FakeQuic::Settings server_settings{.stream_window = limits.h3_stream_window,
                                             .connection_window = limits.connection_window,
                                             .bidi_streams = limits.concurrent_streams};
    client = std::make_unique<FakeQuic>(false, client_settings);
    server = std::make_unique<FakeQuic>(true, server_settings);
    FakeQuic::join(*client, *server);
    client_app = h3::make_client_session(pool, limits, *client);
    server_app = h3::make_session(services, *server);
    user = client_app.get();
    client->start(*client_app, clock.now());
    server->start(*server_app, clock.now());
  }
  bool step() override {
    read();
    bool moved = client->turn(clock.now());
    moved = server->turn(clock.now()) || moved;
    moved = server->deliver(clock.now()) || moved;
    moved = client->deliver(clock.now()) || moved;
    return moved;
  }
  void in_pieces_of(std::size_t bytes) { client->packet = server->packet = bytes; }
  std::uint64_t uploaded() const { return server->streams.at(0).received; }
  void drain_server() { server_app->drain(); }
  void drain_client() { client_app->drain(); }
  bool server_finished() const { return server_app->finished(); }
  bool client_finished() const { return client_app->finished(); }
  TimePoint deadline() const { return server_app->deadline(); }
  std::size_t upload_window() const { return limits.h3_stream_window; }

  static constexpr HttpVersion kVersion = HttpVersion::http3;
  static constexpr std::uint64_t kInternalError = 0x102, kLargeTrailers = 0x10e;
  static constexpr std::size_t kPulledAhead = kMaxPull;  // by nghttp3

 private:
  void server_deadline(TimePoint now) override {
    if (server->alive() && server_app->deadline() <= now) server_app->on_deadline(now);
  }
};

}  // namespace troika::test
