#include "session_pair.h"

#include <catch2/catch_test_macros.hpp>

namespace troika::test {

ErrorCode refusal(ClientSession& session) {
  RecordingReceiver receiver;
  const auto stream = session.start(make_request("/"), nullptr, receiver, {});
  REQUIRE_FALSE(stream);
  return stream.error().code;
}

SessionPair::SessionPair(std::string alpn) : Bench(std::move(alpn)) {}
SessionPair::~SessionPair() = default;

void SessionPair::run() {
  if (user == nullptr) open();
  for (int quiet = 0; quiet < 2;) quiet = step() ? 0 : quiet + 1;
}

PairCall& SessionPair::start(const Request& request, std::unique_ptr<BodySource> body) {
  if (user == nullptr) open();
  PairCall& call = calls.emplace_back();
  auto stream = user->start(request, std::move(body), call.receiver, timeouts_of_calls);
  REQUIRE(stream);
  call.stream = std::move(*stream);
  return call;
}

PairCall& SessionPair::start(std::string target, std::unique_ptr<BodySource> body) {
  const Method method = body == nullptr ? Method::get : Method::post;
  return start(make_request(std::move(target), method), std::move(body));
}

BytePair::BytePair(std::string alpn) : SessionPair(std::move(alpn)) {}

BytePair::~BytePair() {
  calls.clear();
  if (client) client->abort(AbortReason::peer_gone);
  if (server) server->abort(AbortReason::peer_gone);
  wire.reset();
  client.reset();
  server.reset();
  CHECK(pool.outstanding() == 0);
  CHECK(host.held.held() == 0);
  CHECK(client_host.held.held() == 0);
}

void BytePair::join(std::unique_ptr<ByteSession> its_server,
                    std::unique_ptr<ClientByteSession> its_client) {
  server = std::move(its_server);
  client = std::move(its_client);
  user = client.get();
  wire = std::make_unique<Wire>(pool, clock, *client, *server);
}

}  // namespace troika::test
