#include "wire.h"

#include <catch2/catch_test_macros.hpp>

namespace troika::test {

RawSession::RawSession(bool server, FakeQuic::Settings settings)
    : Bench("h3"), quic(server, settings) {}

RawSession::~RawSession() {
  CHECK(pool.outstanding() == 0);
  CHECK(quic.held.held() == 0);
  CHECK_FALSE(quic.broken);
}

void RawServer::start(bool settings) {
  app = h3::make_session(services, quic);
  quic.start(*app, clock.now());
  if (settings) send(kControl, varint(0) + frame(4, ""));
  run();
}

RawClient::RawClient()
    : RawSession(false, {.stream_window = Limits{}.call_window, .connection_window = 4U << 20U}),
      app(h3::make_client_session(call_services, quic)) {}

PairCall& RawClient::ask(const Request& request, std::unique_ptr<BodySource> body) {
  PairCall& call = calls.emplace_back();
  auto stream = app->start(request, std::move(body), call.receiver, {});
  REQUIRE(stream.has_value());
  call.stream = std::move(*stream);
  run();
  return call;
}

}  // namespace troika::test
