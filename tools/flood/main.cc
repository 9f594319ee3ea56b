// flood PORT CLIENTS SECONDS: so many clients in so long begin a QUIC handshake with the server at
// 127.0.0.1 and fall silent, each on a port and an address of its own. Then it looks every second
// how long the server goes on asking for Retry, for 40 seconds at most. Prints what it saw.
#include <cstdio>
#include <string>
#include <thread>

#include "tools/cli/command_line.h"
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
  CLI::App app("Begins QUIC handshakes and falls silent; then looks how long there is Retry.",
               "flood");
  std::uint16_t port = 0;
  std::uint64_t clients = 0, length = 0;
  cli::add_number(app, "PORT", port, 1, 65535, "Of the server at 127.0.0.1")->required();
  cli::add_number(app, "CLIENTS", clients, 1, 100'000, "Handshakes")->required();
  cli::add_number(app, "SECONDS", length, 1, 120, "In so long")->required();
  if (const auto parsed = cli::parse(app, argc, argv); !parsed) {
    return cli::end(parsed.error(), "flood");
  }

  flood::Flood flooding(Address::v4(INADDR_LOOPBACK, port));
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
