// flood PORT CLIENTS SECONDS: so many clients in so long begin a QUIC handshake with the server at
// 127.0.0.1 and fall silent, each on a port and an address of its own. Then it looks every second
// how long the server goes on asking for Retry, for 40 seconds at most. Prints what it saw.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tools/flood/flood.h"

using namespace troika;
using namespace std::chrono_literals;

namespace {

// The server's own threshold is far above it, whichever worker they come to.
constexpr std::size_t kProbes = 8;
constexpr int kMostProbes = 40;

int fail(const std::string& sentence) {
  std::fprintf(stderr, "flood: %s\n", sentence.c_str());
  return 1;
}

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

void run(flood::Flood& flood, std::uint64_t clients, Duration length) {
  const SystemClock clock;
  const TimePoint start = clock.now();
  for (std::uint64_t i = 0; i < clients; ++i) {
    const TimePoint due = start + length / clients * i;
    if (due > clock.now()) std::this_thread::sleep_for(due - clock.now());
    flood.begin_one();
  }
  flood.collect();
  const flood::Counts& counts = flood.counts();
  std::printf("%lu clients in %.1f s with %lu datagrams, %lu failed, %lu answers, %lu Retry\n",
              counts.clients, seconds(clock.now() - start), counts.datagrams, counts.failed,
              counts.answers, counts.retries);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail("usage: flood PORT CLIENTS SECONDS");
  const auto server = Address::parse(std::string("127.0.0.1:") + argv[1]);
  if (!server) return fail(server.error());
  const std::uint64_t clients = std::strtoul(argv[2], nullptr, 10);
  const std::uint64_t length = std::strtoul(argv[3], nullptr, 10);
  if (clients < 1 || clients > 100'000) return fail("1 to 100000 clients");
  if (length < 1 || length > 120) return fail("1 to 120 seconds");

  flood::Flood flooding(*server);
  run(flooding, clients, std::chrono::seconds(length));
  const SystemClock clock;
  const TimePoint end = clock.now();
  for (int i = 0; i < kMostProbes; ++i) {
    if (flooding.served_without_retry(kProbes, 1s)) {
      std::printf("Retry off after %.1f s\n", seconds(clock.now() - end));
      return 0;
    }
    std::this_thread::sleep_for(1s);
  }
  return fail("Retry stays on");
}
