#include "tools/link/options.h"

#include <array>

#include "base/text.h"
#include "tools/cli/command_line.h"
#include "tools/cli/settings.h"
#include "tools/link/ends.h"
#include "tools/network/path_options.h"

namespace troika::link {
namespace {

using cli::put, cli::some_time;
using Text = std::string_view;
using O = Options;

constexpr const char* kBoth =
    "Both directions, or one: --up-loss is for what the client sends, --down-loss for what the "
    "server sends";

bool set_name(std::string& into, Text text) {
  into = text;
  return ascii::is_token(text);
}

constexpr std::array<cli::Setting<O>, 5> kOwn{{
    {"server", "'COMMAND'", "Runs at the server's end until the client has ended",
     [](O& o, Text t) { return !(o.server = t).empty(); }},
    {"client", "'COMMAND'", "Runs at the client's end; the exit code is its own",
     [](O& o, Text t) { return !(o.client = t).empty(); }},
    {"tcp", "cubic", "TCP congestion control at both ends (as the system has it)",
     [](O& o, Text t) { return set_name(o.tcp, t); }},
    {"seed", "7", "The same seed loses alike (1)",
     [](O& o, Text t) { return put(o.seed, cli::whole(t, 0, UINT64_MAX)); }},
    {"for", "30s", "End by itself after so long (10m)",
     [](O& o, Text t) { return put(o.length, some_time(t)); }},
}};

}  // namespace

std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words) {
  CLI::App app("Runs two programs with a network of a certain delay, rate and loss between them.",
               "./dev link");
  app.footer(formatted(
      "The server is {}, the client {}: each has a network namespace of its own, which\n"
      "ends with the link. All that is IPv4 passes, TCP as well as QUIC. Needs root; for\n"
      "QUIC alone ./dev relay does not.",
      kServerAddress, kClientAddress));
  Options options;
  cli::add_settings(app, kOwn, options);
  for (const network::PathSetting& setting : network::path_settings()) {
    if (Text(setting.name) == "ecn") continue;  // the mark of a datagram, not of a packet
    network::add_path_option(app, setting, kBoth, options.up, options.down);
  }
  if (auto parsed = cli::parse(app, words); !parsed) return std::unexpected(parsed.error());
  if (options.client.empty()) {
    return std::unexpected(cli::Stop{"--client is missing: the command that uses the link"});
  }
  return options;
}

}  // namespace troika::link
