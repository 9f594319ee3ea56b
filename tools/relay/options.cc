#include "tools/relay/options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tools/cli/command_line.h"
#include "tools/network/path_options.h"

namespace troika::relay {
namespace {

constexpr std::size_t kMostClients = 256;

constexpr const char* kBoth =
    "Both directions, or one: --up-loss is for what clients send, "
    "--down-loss for responses";

using cli::add_pair, cli::put, cli::some_time;

std::optional<bool> line_rule(std::string_view text) {
  if (text == "own") return false;
  return text == "shared" ? std::optional(true) : std::nullopt;
}

using Text = std::string_view;

bool set_address(Address& into, Text text) {
  const auto address = Address::parse(text);
  if (address) into = *address;
  return address.has_value();
}

using O = Options;
constexpr std::array<cli::Setting<O>, 9> kOwn{{
    {"to", "127.0.0.1:8443", "The server",
     [](O& o, Text t) { return set_address(o.to, t) && o.to.port() != 0; }},
    {"listen", "127.0.0.1:9443", "Where clients come in (127.0.0.1:9443)",
     [](O& o, Text t) { return set_address(o.listen, t); }},
    {"rebind-port", "200ms", "Each time, a client's next datagram comes from a new port",
     [](O& o, Text t) { return put(o.rebind_port, some_time(t)); }},
    {"rebind-address", "3s:127.0.0.2",
     "From a time on, a client's datagrams come from there (repeatable)",
     [](O& o, Text t) { return add_pair(o.rebind_address, t, ':', cli::period, cli::ip); }},
    {"trace", "FILE", "One line for each datagram",
     [](O& o, Text t) { return !(o.trace = t).empty(); }},
    {"seed", "7", "The same seed decides alike (1)",
     [](O& o, Text t) { return put(o.seed, cli::whole(t, 0, UINT64_MAX)); }},
    {"for", "30s", "End by itself after so long (10m)",
     [](O& o, Text t) { return put(o.length, some_time(t)); }},
    {"max-clients", "64", "Serve so many clients at most (64), 1 to 256",
     [](O& o, Text t) { return put(o.max_clients, cli::whole(t, 1, kMostClients)); }},
    {"line", "own or shared", "shared: one rate, queue and fate for all clients together (own)",
     [](O& o, Text t) { return put(o.shared_line, line_rule(t)); }},
}};

void add_drop_alias(CLI::App& app, PathOptions& up) {
  const auto drop = std::ranges::find(network::path_settings(), Text("drop"),
                                      [](const auto& setting) { return Text(setting.name); });
  cli::add_value(app, "--drop-client-to-server", drop->shape, "The same as --up-drop",
                 [&up, set = drop->set](Text value) { return set(up, value); })
      ->group(kBoth);
}

Checked<void> check(const Options& options) {
  if (options.to.family() == AF_UNSPEC) {
    return std::unexpected(std::string("--to is missing: ./dev relay --to 127.0.0.1:8443"));
  }
  if (options.to == options.listen) {
    return std::unexpected(formatted(
        "--to and --listen are both {}, so the relay would feed itself", options.to.text()));
  }
  if ((options.up.burst != 0 || options.down.burst != 0) && options.up.loss <= 0 &&
      options.down.loss <= 0) {
    return std::unexpected(std::string("--burst says nothing without --loss"));
  }
  for (const AddressChange& change : options.rebind_address) {
    if (change.from.family() != options.to.family()) {
      return std::unexpected(formatted("--rebind-address {} is of another family than --to {}",
                                       change.from.ip(), options.to.text()));
    }
  }
  return {};
}

}  // namespace

std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words) {
  CLI::App app("Passes UDP on to a server as a bad network would.", "./dev relay");
  app.footer(
      "A client is an address and port; it has a path of its own, and all times count from its\n"
      "first datagram (with --line shared: from that of the first client).");
  Options options;
  cli::add_settings(app, kOwn, options);
  for (const network::PathSetting& setting : network::path_settings()) {
    network::add_path_option(app, setting, kBoth, options.up, options.down);
    if (Text(setting.name) == "drop") add_drop_alias(app, options.up);
  }
  if (auto parsed = cli::parse(app, words); !parsed) return std::unexpected(parsed.error());
  if (auto good = check(options); !good) return std::unexpected(cli::Stop{good.error()});
  std::ranges::stable_sort(options.rebind_address, {}, &AddressChange::at);
  return options;
}

}  // namespace troika::relay
