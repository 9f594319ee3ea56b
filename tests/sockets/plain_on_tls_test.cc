// Plain HTTP on the TLS port of a real server, and what its log and its operator see of it.
#include <fcntl.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "os/writer_thread.h"
#include "support/cert_maker.h"
#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;
using client::Protocol;

namespace {

std::string text_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Fd file_for(const std::string& file) {
  return Fd(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
}

struct Logs {
  TemporaryFolder folder;
  const std::string access = folder.path() / "access", notices = folder.path() / "notices";
  std::optional<WriterThread> access_writer{std::in_place, LogOutput(file_for(access))};
  const SystemClock clock;
  std::optional<ServerLog> server_log{std::in_place, LogOutput(file_for(notices)),
                                      ServerLog::Form::terminal, LogLevel::notice, clock};

  void take(Startup& startup) {
    for (WorkerConfig& worker : startup.workers) {
      worker.access_log.common = &*access_writer;
      worker.server_log = &*server_log;
    }
  }
  void close() {
    access_writer.reset();
    server_log.reset();
  }
};

}  // namespace

TEST_CASE("a plain request on a TLS port is redirected, closed, logged and told") {
  Logs logs;
  {
    LiveGroup group(1, [&](Startup& startup) { logs.take(startup); });
    LiveClient client;
    const std::string host = formatted("localhost:{}", group.address.port());
    client::Connection& connection = client.connect(Protocol::h1_plain, group.address);
    const LiveClient::Answer answer =
        client.ask(connection, client::make_request("GET", host, "/a?b", "http"));
    CHECK(answer.status == 308);
    CHECK(answer.headers.get("location") == "https://" + host + "/a?b");
    client.wait([&] { return connection.closed(); });
    client->drop(connection);
    group.drain(*client);
  }
  logs.close();
  CHECK(text_of_file(logs.access).contains(" 127.0.0.1 GET /a?b 308 "));
  CHECK(text_of_file(logs.access).contains(" HTTP/1.1 "));
  CHECK(text_of_file(logs.notices) ==
        "troika: the TLS handshake of 127.0.0.1 failed: a plain HTTP request on a TLS port\n");
}

TEST_CASE("a client that does not know the CA is told of, over TCP and over QUIC") {
  Logs logs;
  const std::string other = logs.folder.path() / "other.pem";
  put_file(other, TestCa().pem());
  {
    LiveGroup group(1, [&](Startup& startup) { logs.take(startup); });
    LiveClient client({other});
    for (const Protocol protocol : {Protocol::h2, Protocol::h3}) {
      client::Connection& connection = client.connect(protocol, group.address);
      client.wait([&] { return connection.closed(); });
      client->drop(connection);
    }
    group.drain(*client);
  }
  logs.close();
  const std::string why =
      " failed: the client does not know the CA of the certificate (alert unknown_ca)\n";
  CHECK(text_of_file(logs.notices) == "troika: the TLS handshake of 127.0.0.1" + why +
                                          "troika: the QUIC handshake of 127.0.0.1" + why);
}
