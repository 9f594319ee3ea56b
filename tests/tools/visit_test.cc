// The project's own client as a program, against the server as the program makes it.
#include "tools/fetch/visit.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "client/connections.h"
#include "os/bind.h"
#include "support/group_counts.h"
#include "tools/fetch/report.h"

using namespace troika;
using namespace troika::test;
using namespace troika::fetch;

namespace {

constexpr std::size_t kSize = 2U << 20U;
constexpr const char* kSha256OfZeros =
    "5647f05ec18958947d32874eeb788fa396a05d0bab7c1b71f112ceb7e9b31eee";

struct Stage {
  Stage() {
    std::ofstream(folder.path() / "zeros", std::ios::binary) << std::string(kSize, '\0');
    group.emplace(2, nullptr,
                  [this](Config& options) { serve_files(options).root = folder.path().string(); });
  }
  Options options() const {
    Options options;
    options.server = {group->address.ip(), group->address.port()};
    options.host = "localhost";
    options.ca_file = test_certificate().ca_file;
    options.paths = {"/zeros"};
    options.limit = kPatience;
    return options;
  }
  // Nothing is left of the clients.
  void end() { group->drain(*LiveClient()); }

  TemporaryFolder folder;
  std::optional<LiveGroup> group;
};

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("each protocol brings every byte of every answer, in the order of the paths") {
  Stage stage;
  for (const auto protocol : {client::Protocol::h1, client::Protocol::h2, client::Protocol::h3}) {
    Options options = stage.options();
    options.protocol = protocol;
    options.paths = {"/zeros", "/nothing"};
    options.repeat = 2;
    options.parallel = protocol == client::Protocol::h1 ? 1 : 3;
    options.out = stage.folder.path().string();
    const Outcome outcome = must(visit(options));
    REQUIRE(outcome.answers.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      const Answer& answer = outcome.answers[i];
      CHECK(answer.path == options.paths[i / 2]);
      CHECK(answer.status == (i < 2 ? 200 : 404));
      CHECK(contents(stage.folder.path() / std::to_string(i)).size() == answer.bytes);
      if (i < 2) CHECK(answer.sha256 == kSha256OfZeros);
    }
    CHECK(json_line(outcome).contains(R"("status":404)"));
  }
  stage.end();
}

TEST_CASE("what the server allows no more of at a time waits until it does") {
  Stage stage;
  for (const auto protocol : {client::Protocol::h2, client::Protocol::h3}) {
    Options options = stage.options();
    options.protocol = protocol;
    options.paths = {"/nothing"};
    options.repeat = 5 * Limits{}.concurrent_streams;
    options.parallel = 2 * Limits{}.concurrent_streams;
    CHECK(must(visit(options)).answers.size() == options.repeat);
  }
  stage.end();
}

TEST_CASE("the keys are renewed again and again within a download") {
  Stage stage;
  Options options = stage.options();
  options.key_update_each = 1;
  // One after the other: only three PTOs after the server has followed the first update is there a
  // second, which is some 80 ms here, and so many bytes take longer than that.
  options.repeat = 150;
  const Outcome outcome = must(visit(options));
  CHECK(outcome.key_updates >= 2);
  for (const Answer& answer : outcome.answers) CHECK(answer.sha256 == kSha256OfZeros);
  stage.end();
}

TEST_CASE("a connection goes on from another port of the client") {
  Stage stage;
  Options options = stage.options();
  options.move_after = 1000;
  options.repeat = 5;
  const Outcome outcome = must(visit(options));
  CHECK(outcome.moves == 1);
  for (const Answer& answer : outcome.answers) CHECK(answer.sha256 == kSha256OfZeros);
  CHECK(sum(*stage.group, validated) == 1);
  stage.end();
}

TEST_CASE("before the handshake is over there is neither a move nor a key update") {
  Stage stage;
  LiveClient client;
  auto& connection = dynamic_cast<client::QuicConnection&>(
      *must(client->connect(client::Protocol::h3, stage.group->address, "localhost")));
  const Address before = connection.socket().local();
  CHECK_FALSE(connection.move());
  CHECK_FALSE(connection.update_key());
  CHECK(connection.socket().local() == before);
  client.wait([&] { return connection.move(); });
  CHECK(connection.socket().local() != before);
  client->drop(connection);
  stage.end();
}

TEST_CASE("version, cipher and group are those that were asked for") {
  Stage stage;
  Options options = stage.options();
  options.ciphers = "TLS_CHACHA20_POLY1305_SHA256";
  options.groups = "P-256";
  options.quic = {0x6b3343cf};
  const SecurityInfo first = must(visit(options)).security;
  CHECK(first.cipher == options.ciphers);
  CHECK(first.group == "secp256r1");
  CHECK(first.quic_version == 2);
  options.quic = {1, 0x6b3343cf};
  CHECK(must(visit(options)).security.quic_version == 1);  // unless the server has --quic-upgrade
  options.quic = {1};
  CHECK(must(visit(options)).security.quic_version == 1);
  options.ciphers = "nonsense";
  CHECK(visit(options).error().starts_with("OpenSSL refused the client's ciphers nonsense: "));
  stage.end();
}

TEST_CASE("what a visit leaves makes the next one early") {
  Stage stage;
  Options options = stage.options();
  options.resume = (stage.folder.path() / "resumption").string();
  CHECK_FALSE(must(visit(options)).security.resumed);
  options.early = true;
  const Outcome second = must(visit(options));
  CHECK(second.security.resumed);
  CHECK(second.security.early_data);
  CHECK(second.answers[0].sha256 == kSha256OfZeros);
  stage.end();
}

TEST_CASE("a server is found by its name, whichever of its addresses it is at") {
  Stage stage;
  Options options = stage.options();
  options.server.host = "localhost";
  for (const auto protocol : {client::Protocol::h1, client::Protocol::h3}) {
    options.protocol = protocol;
    CHECK(must(visit(options)).answers[0].sha256 == kSha256OfZeros);
  }
  stage.end();
}

TEST_CASE("who is not there, or is somebody else, is said within the time") {
  Stage stage;
  Options options = stage.options();
  options.host = "example.org";
  CHECK(visit(options).error() ==
        formatted("cannot connect to {}: the server's certificate is for another host name",
                  stage.group->address.text()));
  options = stage.options();
  const Address nobody = must(Address::parse("127.0.0.1:0"));
  options.server.port = must(free_port({&nobody, 1}));
  options.limit = std::chrono::milliseconds(300);
  CHECK(!visit(options));
  options = stage.options();
  options.out = "/nowhere";
  CHECK(visit(options).error() == "the file /nowhere/0 cannot be written");
  stage.end();
}
