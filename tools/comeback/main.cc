// comeback PORT CA: connects over HTTP/3, asks for "/" and prints "connected". When a byte comes on
// its standard input it asks again on that connection, and says how the connection ended and after
// how long; then it connects anew and asks there. Exit code 0: it was a stateless reset within a
// second, and the new connection was answered.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "client/client.h"
#include "tools/cli/command_line.h"

using namespace troika;
using namespace std::chrono_literals;

namespace {

constexpr Duration kPatience = 15s;
constexpr Duration kSoon = 1s;

int fail(const std::string& sentence) {
  std::fprintf(stderr, "comeback: %s\n", sentence.c_str());
  return 1;
}

// Null: it was not answered.
client::Connection* visit(client::Client& client, const Address& server) {
  const auto connection = client.connect(client::Protocol::h3, server, "localhost");
  if (!connection) return nullptr;
  client::Connection& made = **connection;
  if (!client.run_until([&] { return made.ready() || made.closed(); }, kPatience)) return nullptr;
  if (!made.ready()) return nullptr;
  client::Fetch& fetch = client.fetch(made, client::make_request("GET", "localhost", "/"));
  const bool answered =
      client.run_until([&] { return fetch.done(); }, kPatience) && fetch.status() == 200;
  client.drop(fetch);
  return answered ? &made : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Comes back to a server that was killed and started again.", "comeback");
  std::uint16_t port = 0;
  std::string ca;
  cli::add_number(app, "PORT", port, 1, 65535, "Of the server at 127.0.0.1")->required();
  app.add_option("CA", ca, "File that the server is verified against")->required();
  if (const auto parsed = cli::parse(app, argc, argv); !parsed) {
    return cli::end(parsed.error(), "comeback");
  }
  const Address server = Address::v4(INADDR_LOOPBACK, port);
  const auto made = client::Client::make({ca});
  if (!made) return fail(made.error());
  client::Client& client = **made;
  client::Connection* const old = visit(client, server);
  if (old == nullptr) return fail("the server does not answer");
  std::puts("connected");
  std::fflush(stdout);

  // Nothing is sent meanwhile.
  char c = 0;
  if (read(STDIN_FILENO, &c, 1) != 1) return fail("nobody says when");
  const TimePoint asked = client.loop().clock().now();
  client::Fetch& fetch = client.fetch(*old, client::make_request("GET", "localhost", "/"));
  if (!client.run_until([&] { return old->closed(); }, kPatience)) {
    return fail("the old connection is not closed");
  }
  const Duration after = client.loop().clock().now() - asked;
  const std::string reason(old->close_reason().detail);
  client.drop(fetch);
  std::printf("ended after %.3f s: %s\n", std::chrono::duration<double>(after).count(),
              reason.c_str());
  if (!reason.starts_with("stateless reset") || after > kSoon) return 1;
  if (visit(client, server) == nullptr) return fail("no new connection");
  std::puts("came back");
  return 0;
}
