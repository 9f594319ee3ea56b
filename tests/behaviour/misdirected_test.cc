// 421 (RFC 9110 §15.5.20): written once, true over every protocol.
#include <catch2/catch_test_macros.hpp>

#include "behaviour/handshake_stage.h"
#include "support/fake_authority_check.h"

using namespace troika;
using namespace troika::test;

namespace {

using Asked = std::vector<std::pair<std::string, std::string>>;

Request request_for(const std::string& authority, std::string_view method = "GET") {
  return client::make_request(method, authority, "/");
}

const Address kLoopback = Address::v4(0x7f000001, 50000),
              kElsewhere = Address::v4(0xc0000201, 50000);

// Opens a server for a client that sent `server_name` and runs `check` on it, over each protocol.
void with_names(const std::string& server_name,
                const std::function<void(HandshakeStage&, FakeAuthorityCheck&)>& check,
                const Address& client = kElsewhere) {
  over_each(kProtocols, [&](HandshakeStage& stage) {
    FakeAuthorityCheck names;
    stage.bench.services.authority = &names;
    stage.bench.peer.remote = client;
    stage.open(false, server_name);
    check(stage, names);
    stage.lose();
  });
}

}  // namespace

TEST_CASE("A request for a name that the certificate does not cover is answered 421") {
  with_names("a.test", [](HandshakeStage& stage, FakeAuthorityCheck& names) {
    const client::Fetch& fetch = stage.fetch(request_for("b.test"));
    CHECK(fetch.status() == 421);
    CHECK(fetch.body == "421 Misdirected Request\n");
    CHECK(stage.bench.handler.started == 0);
    CHECK(names.asked == Asked{{"a.test", "b.test"}});
    CHECK(stage.fetch(request_for("a.test")).status() == 200);  // the connection goes on
  });
}

TEST_CASE("A client on loopback reads what it asked for and what is served") {
  const auto says = [](std::vector<std::string> names, const std::string& list) {
    with_names(
        "a.test",
        [&](HandshakeStage& stage, FakeAuthorityCheck& check) {
          check.names = names;
          const client::Fetch& fetch = stage.fetch(request_for("b.test:8443"));
          CHECK(fetch.status() == 421);
          CHECK(fetch.body ==
                "421 Misdirected Request\nThe request is for b.test:8443, but the "
                "certificate of this connection covers " +
                    list + ".\n");
          CHECK(fetch.headers().get("content-type") == "text/plain; charset=utf-8");
          CHECK(stage.fetch(request_for("b.test", "HEAD")).body.empty());
        },
        kLoopback);
  };
  says({}, "no name");
  says({"a.test"}, "a.test");
  says({"a.test", "*.a.test", "::1"}, "a.test, *.a.test, ::1");
  std::string twenty = "x0";
  std::vector<std::string> names{"x0"};
  for (int i = 1; i < 20; ++i) {
    names.push_back("x" + std::to_string(i));
    twenty += ", " + names.back();
  }
  says(names, twenty);
  names.emplace_back("x20");
  says(names, twenty + " and 1 more");
}

TEST_CASE("The check is asked about the bare host, and says what is covered") {
  const std::vector<std::pair<std::string, std::string>> hosts{
      {"b.test", "b.test"},     {"b.test:8443", "b.test"},
      {"b.test.", "b.test"},    {"B.test.:1", "B.test"},
      {"x.b.test", "x.b.test"}, {"127.0.0.1:8443", "127.0.0.1"},
      {"[::1]", "::1"},         {"[2001:db8::7]:8443", "2001:db8::7"}};
  with_names("a.test", [&](HandshakeStage& stage, FakeAuthorityCheck& names) {
    for (const auto& [authority, host] : hosts) {
      CAPTURE(authority);
      names.names.clear();
      CHECK(stage.fetch(request_for(authority)).status() == 421);
      names.names = {host};
      CHECK(stage.fetch(request_for(authority)).status() == 200);
      CHECK(names.asked == Asked(2, {"a.test", host}));
      names.asked.clear();
    }
  });
}

TEST_CASE("The name that the client came for is served whatever the certificate says") {
  with_names("A.test.", [](HandshakeStage& stage, FakeAuthorityCheck& names) {
    for (const std::string authority : {"a.test", "a.TEST:8443", "A.test."}) {
      CAPTURE(authority);
      CHECK(stage.fetch(request_for(authority)).status() == 200);
    }
    CHECK(names.asked.empty());
  });
}

TEST_CASE("Who sent no name in the handshake may ask for any") {
  with_names("", [](HandshakeStage& stage, FakeAuthorityCheck& names) {
    CHECK(stage.fetch(request_for("b.test")).status() == 200);
    CHECK(names.asked.empty());
  });
}

TEST_CASE("A request that is not valid anyway keeps its own status") {
  with_names("a.test", [](HandshakeStage& stage, FakeAuthorityCheck& names) {
    Request request = request_for("b.test");
    request.headers.add("expect", "wonders");
    CHECK(stage.fetch(request).status() == 417);
    CHECK(names.asked.empty());
  });
}

TEST_CASE("A body for a name that is not covered goes the way of one that nobody reads") {
  with_names("a.test", [](HandshakeStage& stage, FakeAuthorityCheck&) {
    const client::Fetch& fetch = stage.fetch(request_for("b.test", "POST"),
                                             body_of(stage.client_pool, std::string(5000, 'x')));
    CHECK(fetch.status() == 421);
    CHECK(stage.bench.handler.started == 0);
  });
}
