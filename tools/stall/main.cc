// stall PROTOCOL PORT CA TARGET COUNT: begins COUNT downloads on connections of their own, reads
// the head of each answer and then nothing more. Prints "stalled COUNT" and waits for the end of
// its standard input.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tools/cli/command_line.h"

using namespace troika;

namespace {

int fail(const std::string& sentence) {
  std::fprintf(stderr, "stall: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Begins downloads on connections of their own, and reads no more than the heads.",
               "stall");
  client::Protocol protocol{};
  std::uint16_t port = 0;
  std::string ca, target;
  std::size_t count = 0;
  const std::map<std::string, client::Protocol> protocols{
      {"h1", client::Protocol::h1}, {"h2", client::Protocol::h2}, {"h3", client::Protocol::h3}};
  app.add_option("PROTOCOL", protocol, "h1, h2 or h3")
      ->required()
      ->transform(CLI::Transformer(protocols));
  cli::add_number(app, "PORT", port, 1, 65535, "Of the server at 127.0.0.1")->required();
  app.add_option("CA", ca, "File that the server is verified against")->required();
  app.add_option("TARGET", target, "What is downloaded")->required();
  cli::add_number(app, "COUNT", count, 1, 10'000, "Downloads")->required();
  if (const auto parsed = cli::parse(app, argc, argv); !parsed) {
    return cli::end(parsed.error(), "stall");
  }
  auto made = client::Client::make({ca});
  if (!made) return fail(made.error());
  client::Client& client = **made;
  const Address address = Address::v4(INADDR_LOOPBACK, port);

  std::vector<client::Fetch*> fetches;
  for (std::size_t i = 0; i < count; ++i) {
    auto connection = client.connect(protocol, address, "localhost");
    if (!connection) return fail(connection.error());
    client::Connection& c = **connection;
    if (!client.run_until([&] { return c.ready() || c.closed(); }, std::chrono::seconds(10)) ||
        c.closed()) {
      return fail("no connection: " + std::string(c.close_reason().detail));
    }
    client::Fetch& fetch = client.fetch(c, client::make_request("GET", "localhost", target));
    fetch.set_paused(true);
    fetches.push_back(&fetch);
  }
  client.run_until([] { return false; }, std::chrono::seconds(2));
  std::size_t stalled = 0;
  for (const client::Fetch* fetch : fetches)
    stalled += fetch->has_head() && !fetch->done() ? 1U : 0U;
  std::printf("stalled %zu\n", stalled);
  std::fflush(stdout);

  // Kept alive (acknowledgements, pings) until whoever started this closes the pipe.
  bool over = false;
  std::thread waiter([&] {
    char c = 0;
    while (read(STDIN_FILENO, &c, 1) > 0) {
    }
    client.loop().post([&] { over = true; });
  });
  client.run_until([&] { return over; }, std::chrono::seconds(120));
  waiter.join();
  return stalled == count ? 0 : 1;
}
