#pragma once
#include <catch2/catch_test_macros.hpp>
#include <list>
#include <memory>
#include <string>

#include "proto/h3/session.h"
#include "support/fake_quic.h"
#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::test {

inline Request make_request(std::string_view method, std::string_view target) {
  Request request;
  request.method = method_from(method);
  request.method_text = method;
  request.scheme = "https";
  request.authority = "localhost";
  request.target.raw = target;
  request.version = HttpVersion::http3;
  return request;
}

// One request of the client and what came of it.
struct Ask {
  RecordingReceiver receiver;
  std::unique_ptr<ClientStream> stream;
  quic::StreamId id = 0;
  std::string body;
  ReadState state = ReadState::blocked;
  bool reads = true;  // run() pulls the response

  void read() {
    if (reads && state == ReadState::blocked && stream != nullptr && receiver.head) {
      state = read_body(stream->body(), body);
    }
  }
};

// Client session and server session over two ends of FakeQuic. Change limits before start().
struct H3Pair : Bench {
  H3Pair() : Bench("h3") {}
  H3Pair(const H3Pair&) = delete;
  H3Pair& operator=(const H3Pair&) = delete;
  ~H3Pair() {
    asks.clear();
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
  std::list<Ask> asks;

  void start() {
    const FakeQuic::Settings server_settings{.stream_window = limits.h3_stream_window,
                                             .connection_window = limits.connection_window,
                                             .bidi_streams = limits.concurrent_streams};
    client = std::make_unique<FakeQuic>(false, client_settings);
    server = std::make_unique<FakeQuic>(true, server_settings);
    FakeQuic::join(*client, *server);
    client_app = h3::make_client_session(pool, limits, *client);
    server_app = h3::make_session(services, *server);
    client->start(*client_app, clock.now());
    server->start(*server_app, clock.now());
  }

  Ask& ask(const Request& request, std::unique_ptr<BodySource> body = nullptr) {
    Ask& ask = asks.emplace_back();
    auto stream = client_app->start(request, std::move(body), ask.receiver);
    REQUIRE(stream.has_value());
    ask.stream = std::move(*stream);
    ask.id = client->streams.empty() ? 0 : last_request();
    return ask;
  }
  Ask& ask(std::string_view method, std::string_view target,
           std::unique_ptr<BodySource> body = nullptr) {
    return ask(make_request(method, target), std::move(body));
  }
  quic::StreamId last_request() const {
    quic::StreamId last = 0;
    for (const auto& [id, stream] : client->streams) {
      if (quic::is_bidi(id)) last = std::max(last, id);
    }
    return last;
  }

  bool step() {
    for (Ask& each : asks) each.read();
    bool moved = client->turn(clock.now());
    moved = server->turn(clock.now()) || moved;
    moved = server->deliver(clock.now()) || moved;
    moved = client->deliver(clock.now()) || moved;
    return moved;
  }
  void run(int most = 200'000) {
    for (int i = 0; i < most && step(); ++i) {
    }
    for (Ask& each : asks) each.read();
  }
  Ask& fetch(std::string_view method, std::string_view target,
             std::unique_ptr<BodySource> body = nullptr) {
    Ask& one = ask(method, target, std::move(body));
    run();
    return one;
  }
  // Lets time pass and tells both ends of what is due.
  void pass(Duration by) {
    clock.advance(by);
    if (server->alive() && server_app->deadline() <= clock.now()) {
      server_app->on_deadline(clock.now());
    }
    run();
  }
};

struct OpenPair : H3Pair {
  OpenPair() { start(); }
};

}  // namespace troika::test
