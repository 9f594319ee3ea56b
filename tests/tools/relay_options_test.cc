#include "tools/relay/options.h"

#include <catch2/catch_test_macros.hpp>

#include "support/words.h"
#include "tools/cli/values.h"

using namespace troika;
using namespace troika::relay;
using namespace std::chrono_literals;

namespace {

std::expected<Options, cli::Stop> parse(const std::string& line) {
  const std::vector<std::string> words = test::words_of(line);
  return parse_options(std::vector<std::string_view>(words.begin(), words.end()));
}
Options good(const std::string& line) {
  const auto options = parse("--to 127.0.0.1:8443 " + line);
  INFO(line << ": " << (options ? "" : options.error().text));
  REQUIRE(options);
  return *options;
}
std::string wrong(const std::string& line) {
  const auto options = parse(line);
  return options ? "nothing" : options.error().text;
}

}  // namespace

TEST_CASE("--to alone is a relay that changes nothing, for ten minutes") {
  const Options options = good("");
  CHECK(options.to.text() == "127.0.0.1:8443");
  CHECK(options.listen.text() == "127.0.0.1:9443");
  CHECK(options.length == 10min);
  CHECK(options.max_clients == 64);
  CHECK(describe(options.up).empty());
  CHECK(describe(options.down).empty());
}

TEST_CASE("an option is for both directions, or for the one of its prefix") {
  const Options options = good(
      "--loss 5% --burst 3 --delay 50ms --down-delay 20 --up-loss=0.5% --down-rate 10Mbit "
      "--down-queue 30 --up-ecn bleach --down-ecn ce --drop-client-to-server 3-5 --down-drop 9");
  CHECK(options.up.loss == 0.005);
  CHECK(options.down.loss == 0.05);
  CHECK(options.up.burst == 3);
  CHECK(options.up.delay == 50ms);
  CHECK(options.down.delay == 20ms);
  CHECK(options.up.bits == 0);
  CHECK(options.down.bits == 10'000'000);
  CHECK(options.down.queue == 30);
  CHECK(options.up.ecn == EcnRule::bleach);
  CHECK(options.down.ecn == EcnRule::ce);
  REQUIRE(options.up.numbers.size() == 1);
  CHECK(options.up.numbers[0].first == 3);
  CHECK(options.up.numbers[0].last == 5);
  REQUIRE(options.down.numbers.size() == 1);
  CHECK(options.down.numbers[0].last == 9);
  CHECK(describe(options.up) == "loss 0.5%, 3 in a row at most, delay 50ms, ecn bleach, drop 3-5");
}

TEST_CASE("times, sizes and addresses are read") {
  const Options options = good(
      "--mtu 1400 --mtu-after 2s:1300 --blackhole 2s:8s --blackhole-at 5s:500ms --jitter 1.5ms "
      "--rebind-port 200ms --rebind-address 6s:127.0.0.3 --rebind-address 3s:127.0.0.2 --seed 7 "
      "--for 2m --max-clients 3 --trace file --listen [::1]:0 --reorder 1% --duplicate 2 "
      "--corrupt 100%");
  CHECK(options.up.mtu == 1400);
  CHECK(options.up.changes.at(0).at == 2s);
  CHECK(options.up.changes.at(0).bytes == 1300);
  REQUIRE(options.up.cycle);
  CHECK(options.up.cycle->closed == 2s);
  CHECK(options.up.cycle->open == 8s);
  CHECK(options.down.outages.at(0).at == 5s);
  CHECK(options.down.outages.at(0).length == 500ms);
  CHECK(options.up.jitter == 1500us);
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
  CHECK(options.up.duplicate == 0.02);
  CHECK(options.up.corrupt == 1);
}

TEST_CASE("what cannot be is told in one sentence") {
  const std::string to = "--to 127.0.0.1:8443 ";
  CHECK(wrong("") == "--to is missing: ./dev relay --to 127.0.0.1:8443");
  CHECK(wrong(to + "--los 5%") == "there is no option --los; see ./dev relay --help");
  CHECK(wrong(to + "--up-seed 5") == "there is no option --up-seed; see ./dev relay --help");
  CHECK(wrong(to + "--loss") == "--loss needs a value: --loss 2%; see ./dev relay --help");
  CHECK(wrong(to + "--trace=").starts_with("--trace "));
  CHECK(wrong(to + "loss") == "there is no use for \"loss\"; see ./dev relay --help");
  CHECK(wrong(to + "--down-loss 101%") ==
        "--down-loss takes a value like 2%, not \"101%\"; see ./dev relay --help");
  CHECK(wrong(to + "--listen 127.0.0.1:8443") ==
        "--to and --listen are both 127.0.0.1:8443, so the relay would feed itself");
  CHECK(wrong(to + "--rebind-address 1s:::1") ==
        "--rebind-address ::1 is of another family than --to 127.0.0.1:8443");
  CHECK(wrong(to + "--burst 3") == "--burst says nothing without --loss");
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
    CHECK(wrong(to + bad).contains(" takes a value like "));
  }
}

TEST_CASE("periods are written as they are read") {
  for (const char* const text : {"50ms", "0.5ms", "1.5s", "600s"}) {
    CHECK(cli::text_of(*cli::period(text)) == text);
  }
}
