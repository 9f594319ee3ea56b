// stall PROTOCOL PORT CA TARGET COUNT: begins COUNT downloads on connections of their own, reads
// the head of each answer and then nothing more. Prints "stalled COUNT" and waits for the end of
// its standard input.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"

using namespace troika;

namespace {

client::Protocol protocol_of(const std::string& name) {
  if (name == "h1") return client::Protocol::h1;
  return name == "h2" ? client::Protocol::h2 : client::Protocol::h3;
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "stall: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return fail("usage: stall h1|h2|h3 PORT CA TARGET COUNT");
  const std::size_t count = std::strtoul(argv[5], nullptr, 10);
  auto made = client::Client::make({argv[3]});
  if (!made) return fail(made.error());
  client::Client& client = **made;
  const auto address = Address::parse(std::string("127.0.0.1:") + argv[2]);
  if (!address) return fail(address.error());

  std::vector<client::Fetch*> fetches;
  for (std::size_t i = 0; i < count; ++i) {
    auto connection = client.connect(protocol_of(argv[1]), *address, "localhost");
    if (!connection) return fail(connection.error());
    client::Connection& c = **connection;
    if (!client.run_until([&] { return c.ready() || c.closed(); }, std::chrono::seconds(10)) ||
        c.closed()) {
      return fail("no connection: " + std::string(c.close_reason().detail));
    }
    client::Fetch& fetch = client.fetch(c, client::make_request("GET", "localhost", argv[4]));
    fetch.paused = true;
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
