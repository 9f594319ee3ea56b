// Another application than HTTP/3 on QUIC.
#include "quic_world.h"

namespace troika::test {
namespace {

struct OtherWorld : QuicWorld {
  OtherWorld() {
    static const auto context = make_server_tls({.alpn = {"other/2", "other/1"}});
    traits = {.alpn = "other/1", .no_error = 0x17, .uni_streams = 1};
    start(endpoint_config(), *context);
  }
};

TEST_CASE("Another application has its own ALPN name, unidirectional streams and close code") {
  OtherWorld w;
  ClientSide& client = w.connect({}, client_tls({w.traits.alpn}));
  REQUIRE(w.ask(client, "hello"));
  for (ScriptApp* const app : {&client.app(), &w.server_app()}) {
    CHECK(app->quic.security().alpn == "other/1");
    CHECK(app->quic.open_uni().has_value());
    CHECK_FALSE(app->quic.open_uni().has_value());
  }
  SECTION("closed by the server when it has drained") { w.endpoint->drain(); }
  SECTION("closed by the server at once") { w.endpoint->close_all(w.world.clock.now()); }
  w.flush();
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }));
  CHECK(client.quic->close_reason().code == ErrorCode::closed);
  CHECK(client.log.ended_with == AppError{0x17});
  CHECK(client.log.aborted == 1);
  CHECK(w.run_until([&] { return w.endpoint->objects() == 0; }));
}

TEST_CASE("The code for no error of one application is an error for another") {
  OtherWorld w;
  ClientSide& client = w.connect({}, client_tls({w.traits.alpn}));
  REQUIRE(w.ask(client, "hello"));
  w.server_app().quic.close(script_traits().no_error);
  w.flush();
  REQUIRE(w.run_until([&] { return client.state() == State::closed; }));
  CHECK(client.quic->close_reason().code == ErrorCode::protocol);
}

TEST_CASE(
    "Of the server's protocols that a client offers the first is chosen, of none it is refused") {
  for (const auto& [offered, chosen] :
       {std::pair(std::vector<std::string>{"other/1", "other/2"}, "other/2"), {{"h3"}, ""}}) {
    OtherWorld w;
    ClientSide& client = w.connect({}, client_tls(offered));
    CHECK(w.establish(client) == !std::string(chosen).empty());
    CHECK(client.app().quic.security().alpn == chosen);
  }
}

}  // namespace
}  // namespace troika::test
