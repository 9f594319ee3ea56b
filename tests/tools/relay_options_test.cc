#include "tools/relay/options.h"

#include <catch2/catch_test_macros.hpp>

#include "tools/cli/values.h"
#include "tools/network/path_options.h"
#include "tools/parser.h"

using namespace troika;
using namespace troika::network;
using namespace troika::relay;
using namespace std::chrono_literals;

namespace {

const test::Parser<Options> kRelay{parse_options, "--to 127.0.0.1:8443 "};

}  // namespace

TEST_CASE("--to alone is a relay that changes nothing, for ten minutes") {
  const Options options = kRelay.good("");
  CHECK(options.to.text() == "127.0.0.1:8443");
  CHECK(options.listen.text() == "127.0.0.1:9443");
  CHECK(options.length == 10min);
  CHECK(options.max_clients == 64);
  CHECK(describe(options.up).empty());
  CHECK(describe(options.down).empty());
}

TEST_CASE("an option is for both directions, or for the one of its prefix") {
  const Options options = kRelay.good(
      "--loss 5% --burst 3 --delay 50ms --down-delay 20 --up-loss=0.5% --down-rate 10Mbit "
      "--down-queue 30 --up-ecn bleach --down-ecn ce --drop-client-to-server 3-5 --down-drop 9");
  CHECK(describe(options.up) == "loss 0.5%, 3 in a row at most, delay 50ms, ecn bleach, drop 3-5");
  CHECK(describe(options.down) ==
        "loss 5%, 3 in a row at most, delay 20ms, 10 Mbit/s with a queue of 30, ecn ce, drop 9-9");
}

TEST_CASE("a queue is one of datagrams or one of bytes, whichever comes last") {
  const Options options = kRelay.good("--rate 8Mbit --queue 256k --up-queue 7 --down-rate 500kbit");
  CHECK(describe(options.up) == "8 Mbit/s with a queue of 7");
  CHECK(describe(options.down) == "0.5 Mbit/s with a queue of 262144 bytes");
  CHECK(kRelay.good("--queue 64M").up.queue.bytes == 64U << 20U);
  CHECK(kRelay.good("--queue 1.5k").up.queue.bytes == 1536);
}

TEST_CASE("times, sizes and addresses are read") {
  const Options options = kRelay.good(
      "--mtu 1400 --mtu-after 2s:1300 --blackhole 2s:8s --blackhole-at 5s:500ms --jitter 1.5ms "
      "--rebind-port 200ms --rebind-address 6s:127.0.0.3 --rebind-address 3s:127.0.0.2 --seed 7 "
      "--for 2m --max-clients 3 --trace file --listen [::1]:0 --reorder 1% --duplicate 2 "
      "--corrupt 100%");
  for (const PathOptions* const path : {&options.up, &options.down}) {
    CHECK(describe(*path) ==
          "jitter 1.5ms, reorder 1%, duplicate 2%, corrupt 100%, mtu 1400, mtu 1300 from 2s on, "
          "black for 2s after each 8s, black at 5s for 500ms");
  }
  CHECK(options.rebind_port == 200ms);
  REQUIRE(options.rebind_address.size() == 2);
  CHECK(options.rebind_address[0].at == 3s);
  CHECK(options.rebind_address[0].from.text() == "127.0.0.2:0");
  CHECK(options.rebind_address[1].from.ip() == "127.0.0.3");
  CHECK(options.seed == 7);
  CHECK(options.length == 2min);
  CHECK(options.max_clients == 3);
  CHECK(options.trace == "file");
  CHECK(options.listen.text() == "[::1]:0");
}

TEST_CASE("what cannot be is told in one sentence") {
  CHECK(kRelay.parse("").error().text == "--to is missing: ./dev relay --to 127.0.0.1:8443");
  CHECK(kRelay.wrong("--los 5%") == "there is no option --los; see ./dev relay --help");
  CHECK(kRelay.wrong("--up-seed 5") == "there is no option --up-seed; see ./dev relay --help");
  CHECK(kRelay.wrong("--loss") == "--loss needs a value: --loss 2%; see ./dev relay --help");
  CHECK(kRelay.wrong("--trace=").starts_with("--trace "));
  CHECK(kRelay.wrong("loss") == "there is no use for \"loss\"; see ./dev relay --help");
  CHECK(kRelay.wrong("--down-loss 101%") ==
        "--down-loss takes a value like 2%, not \"101%\"; see ./dev relay --help");
  CHECK(kRelay.wrong("--listen 127.0.0.1:8443") ==
        "--to and --listen are both 127.0.0.1:8443, so the relay would feed itself");
  CHECK(kRelay.wrong("--rebind-address 1s:::1") ==
        "--rebind-address ::1 is of another family than --to 127.0.0.1:8443");
  CHECK(kRelay.wrong("--burst 3") == "--burst says nothing without --loss");
  for (const char* const bad : {"--delay -1ms",
                                "--delay 5x",
                                "--delay 2d",
                                "--delay 1e3",
                                "--delay ms",
                                "--loss -1%",
                                "--loss nan",
                                "--rate 1",
                                "--rate 10Mb",
                                "--queue 0",
                                "--queue 10001",
                                "--queue 0k",
                                "--queue 65M",
                                "--queue 1.5",
                                "--queue k",
                                "--mtu 0",
                                "--mtu 70000",
                                "--mtu-after 2s",
                                "--mtu-after 2s:0",
                                "--blackhole 0:1s",
                                "--blackhole-at 1s:0",
                                "--ecn on",
                                "--drop 5-3",
                                "--drop 0-3",
                                "--drop 0",
                                "--rebind-port 0",
                                "--rebind-address 127.0.0.2",
                                "--rebind-address 1s:host",
                                "--seed x",
                                "--for 0",
                                "--max-clients 0",
                                "--max-clients 257",
                                "--to 127.0.0.1:0",
                                "--to localhost:1"}) {
    INFO(bad);
    CHECK(kRelay.wrong(bad).contains(" takes a value like "));
  }
}

TEST_CASE("periods are written as they are read") {
  for (const char* const text : {"50ms", "0.5ms", "1.5s", "600s"}) {
    CHECK(cli::text_of(*cli::period(text)) == text);
  }
}
