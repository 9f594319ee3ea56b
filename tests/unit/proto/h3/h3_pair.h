#pragma once
#include "proto/h3/session.h"
#include "support/fake_quic.h"
#include "support/session_pair.h"

namespace troika::test {

// Over two ends of FakeQuic.
struct H3Pair : SessionPair {
  H3Pair();
  H3Pair(const H3Pair&) = delete;
  H3Pair& operator=(const H3Pair&) = delete;
  ~H3Pair() override;

  std::unique_ptr<FakeQuic> client, server;
  std::unique_ptr<h3::ClientApplication> client_app;
  std::unique_ptr<quic::QuicApplication> server_app;

  void open() override;
  bool step() override;
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
  void client_deadline(TimePoint now) override {
    if (client->alive() && client_app->deadline() <= now) client_app->on_deadline(now);
  }
  void server_deadline(TimePoint now) override {
    if (server->alive() && server_app->deadline() <= now) server_app->on_deadline(now);
  }
};

}  // namespace troika::test
