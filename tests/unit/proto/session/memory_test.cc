// A library that gets no memory ends its connection, and nothing else.
#include <catch2/catch_template_test_macros.hpp>
#include <tuple>

#include "unit/proto/h2/pair.h"
#include "unit/proto/h3/h3_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

bool one_has_ended(const BytePair& pair) {
  return pair.server_finished() || pair.client_finished();
}
bool one_has_ended(const H3Pair& pair) { return !pair.server->alive() || !pair.client->alive(); }

Request large_request() {
  Request request = make_request("/", Method::post);
  for (int i = 0; i < 20; ++i) request.headers.add("x-" + std::to_string(i), std::string(100, 'x'));
  return request;
}

}  // namespace

// Both sides take their blocks from one pool, so both are without one once.
TEMPLATE_TEST_CASE("a library without memory ends its connection, whichever block it misses", "",
                   H2Pair, H3Pair) {
  std::uint64_t missing = 0, ended = 0;
  for (bool missed = true; missed;) {
    CAPTURE(++missing);
    TestType pair;
    pair.run();
    BlockPool& blocks = pair.pool.blocks();
    const std::uint64_t before = blocks.taken();
    blocks.miss(before + missing);
    PairCall& call = pair.calls.emplace_back();
    auto stream = pair.user->start(large_request(), body_of(pair.pool, std::string(50'000, 'b')),
                                   call.receiver, {});
    if (stream) call.stream = std::move(*stream);
    pair.run();
    missed = blocks.taken() >= before + missing;
    CHECK(one_has_ended(pair) == missed);
    CHECK((call.whole() || missed));  // or it missed what comes after
    if (missed) ++ended;
    blocks.miss(0);
  }
  CHECK(ended > 20);
}

TEST_CASE("an h2 session that cannot be made has ended, and may be asked all that a session may") {
  H2Pair pair;
  BlockPool& blocks = pair.pool.blocks();
  std::uint64_t missing = 0;
  for (bool missed = true; missed;) {
    CAPTURE(++missing);
    const std::uint64_t before = blocks.taken();
    blocks.miss(before + missing);
    auto server = h2::make_session(pair.services, pair.peer, pair.host);
    missed = blocks.taken() >= before + missing;
    blocks.miss(0);
    OutputQueue out(pair.pool);
    std::ignore = server->receive(bytes_of("PRI * HTTP/2.0"), pair.clock.now());
    std::ignore = server->produce(out, 100'000, pair.clock.now());
    CHECK(server->interest().finished == missed);
    if (missed) {
      CHECK_FALSE(server->interest().wants_read);
      CHECK_FALSE(server->interest().has_output);
      CHECK(server->deadline() == kNever);
      server->on_deadline(pair.clock.now());
      server->on_handshake_done(pair.clock.now());
      server->drain();
      CHECK(out.empty());
    }
    server->abort(AbortReason::peer_gone);
    server.reset();
    CHECK(pair.host.held.held() == 0);
  }
  CHECK(missing > 5);
}
