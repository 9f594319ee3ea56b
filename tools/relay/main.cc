// relay --to ADDR:PORT ...: a bad network between QUIC clients and a server; see relay --help.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/text.h"
#include "loop/signals.h"
#include "tools/cli/values.h"
#include "tools/network/path_options.h"
#include "tools/relay/options.h"
#include "tools/relay/relay.h"

using namespace troika;

namespace {

int complain(const std::string& sentence) {
  std::fprintf(stderr, "relay: %s\n", sentence.c_str());
  return 1;
}

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void announce(const relay::Relay& running, const relay::Options& options) {
  const auto or_nothing = [](std::string text) { return text.empty() ? "nothing" : text; };
  say(formatted("relay: {} -> {}, seed {}, for {}; Ctrl-C ends it\n", running.address().text(),
                options.to.text(), options.seed, cli::text_of(options.length)));
  say("  up:   " + or_nothing(network::describe(options.up)) + "\n");
  say("  down: " + or_nothing(network::describe(options.down)) + "\n");
  if (options.rebind_port.count() > 0) {
    say("  a new port every " + cli::text_of(options.rebind_port) + "\n");
  }
  for (const relay::AddressChange& change : options.rebind_address) {
    say(formatted("  from {} at {}\n", change.from.ip(), cli::text_of(change.at)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  catch_signals();
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const auto options = relay::parse_options(words);
  if (!options) return cli::end(options.error(), "relay");
  relay::Trace trace;
  if (!options->trace.empty()) {
    auto opened = relay::Trace::open(options->trace);
    if (!opened) return complain(opened.error());
    trace = std::move(*opened);
  }
  Loop loop;
  auto running = relay::Relay::make(loop, *options, std::move(trace));
  if (!running) return complain(running.error());
  const Signals signals(loop, [&loop](Signals::Wish wish) {
    if (wish != Signals::Wish::reopen_logs) loop.stop();
  });
  Timer end(loop.timers(), [&loop] { loop.stop(); });
  end.set(loop.clock().now() + options->length);
  announce(**running, *options);
  loop.run();
  say(text_of((*running)->summary()));
  return 0;
}
