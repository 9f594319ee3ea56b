#include "h3_pair.h"

#include <catch2/catch_test_macros.hpp>

namespace troika::test {

H3Pair::H3Pair() : SessionPair("h3") {}

H3Pair::~H3Pair() {
  calls.clear();
  client_app.reset();
  server_app.reset();
  CHECK(pool.outstanding() == 0);
  CHECK(client->held.held() == 0);
  CHECK(server->held.held() == 0);
  CHECK_FALSE(client->broken);
  CHECK_FALSE(server->broken);
}

void H3Pair::open() {
  const FakeQuic::Settings server_settings{.stream_window = limits.h3_stream_window,
                                           .connection_window = limits.connection_window,
                                           .bidi_streams = limits.concurrent_streams};
  const FakeQuic::Settings client_settings{
      .stream_window = limits.call_window,
      .connection_window = limits.call_window * limits.concurrent_streams,
      .bidi_streams = 0};
  client = std::make_unique<FakeQuic>(false, client_settings);
  server = std::make_unique<FakeQuic>(true, server_settings);
  FakeQuic::join(*client, *server);
  client_app = h3::make_client_session(call_services, *client);
  server_app = h3::make_session(services, *server);
  user = client_app.get();
  client->start(*client_app, clock.now());
  server->start(*server_app, clock.now());
}

bool H3Pair::step() {
  read();
  bool moved = client->turn(clock.now());
  moved = server->turn(clock.now()) || moved;
  moved = server->deliver(clock.now()) || moved;
  moved = client->deliver(clock.now()) || moved;
  return moved;
}

}  // namespace troika::test
