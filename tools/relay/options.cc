#include "tools/relay/options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tools/cli/command_line.h"

namespace troika::relay {
namespace {

constexpr std::uint64_t kMany = 1'000'000'000;
constexpr std::size_t kMostQueue = 10'000, kMostClients = 256, kMostBytes = 65'527;

constexpr const char* kBoth =
    "Both directions, or one: --up-loss is for what clients send, "
    "--down-loss for responses";

// Takes a value, or says no.
template <class Into>
struct Setting {
  const char *name, *shape, *text;
  bool (*set)(Into&, std::string_view);
};

template <class T, class Value>
bool put(T& into, const std::optional<Value>& value) {
  if (value) into = static_cast<T>(*value);
  return value.has_value();
}

// "A<mark>B", each by a reader of its own, into a list of aggregates.
template <class T, class A, class B>
bool add_pair(std::vector<T>& into, std::string_view text, char mark, A first, B second) {
  const auto parts = cli::halves(text, mark);
  if (!parts) return false;
  const auto a = first(parts->first);
  const auto b = second(parts->second);
  if (a && b) into.push_back({*a, *b});
  return a && b;
}

std::optional<std::size_t> size_value(std::string_view text) {
  return cli::whole(text, 1, kMostBytes);
}
std::optional<std::uint64_t> count_value(std::string_view text) {
  return cli::whole(text, 1, kMany);
}
std::optional<Duration> some_time(std::string_view text) {
  return cli::period(text).and_then(
      [](Duration d) { return d.count() > 0 ? std::optional(d) : std::nullopt; });
}
std::optional<EcnRule> ecn_rule(std::string_view text) {
  if (text == "bleach") return EcnRule::bleach;
  return text == "ce" ? std::optional(EcnRule::ce) : std::nullopt;
}

std::optional<bool> line_rule(std::string_view text) {
  if (text == "own") return false;
  return text == "shared" ? std::optional(true) : std::nullopt;
}

bool set_cycle(PathOptions& path, std::string_view text) {
  std::vector<Cycle> one;
  if (!add_pair(one, text, ':', some_time, some_time)) return false;
  path.cycle = one.front();
  return true;
}

bool add_numbers(PathOptions& path, std::string_view text) {
  if (!text.contains('-')) {
    const auto one = count_value(text);
    if (one) path.numbers.push_back({*one, *one});
    return one.has_value();
  }
  return add_pair(path.numbers, text, '-', count_value, count_value) &&
         path.numbers.back().first <= path.numbers.back().last;
}

using P = PathOptions;
using Text = std::string_view;
constexpr std::array<Setting<P>, 15> kPath{{
    {"loss", "2%", "Lose datagrams: each with this probability",
     [](P& p, Text t) { return put(p.loss, cli::share(t)); }},
    {"burst", "3", "Lose so many in a row at most",
     [](P& p, Text t) { return put(p.burst, count_value(t)); }},
    {"delay", "50ms", "Pass them on so much later",
     [](P& p, Text t) { return put(p.delay, cli::period(t)); }},
    {"jitter", "5ms", "And by up to so much more; their order stays",
     [](P& p, Text t) { return put(p.jitter, cli::period(t)); }},
    {"reorder", "1%", "Let them fall behind by 10 ms",
     [](P& p, Text t) { return put(p.reorder, cli::share(t)); }},
    {"duplicate", "1%", "Send them twice",
     [](P& p, Text t) { return put(p.duplicate, cli::share(t)); }},
    {"corrupt", "1%", "Flip bits of one byte",
     [](P& p, Text t) { return put(p.corrupt, cli::share(t)); }},
    {"rate", "10Mbit", "So much payload a second: 500kbit, 10Mbit",
     [](P& p, Text t) { return put(p.bits, cli::bit_rate(t)); }},
    {"queue", "25", "So many wait for their turn at most (25); more are lost",
     [](P& p, Text t) { return put(p.queue, cli::whole(t, 1, kMostQueue)); }},
    {"mtu", "1350", "Drop what has more bytes",
     [](P& p, Text t) { return put(p.mtu, size_value(t)); }},
    {"mtu-after", "2s:1300", "From a time on, drop what has more bytes (repeatable)",
     [](P& p, Text t) { return add_pair(p.changes, t, ':', cli::period, size_value); }},
    {"blackhole", "2s:8s", "2s:8s: pass for 8 s, then nothing for 2 s, and again", set_cycle},
    {"blackhole-at", "5s:2s", "5s:2s: nothing passes from 5 s on, for 2 s (repeatable)",
     [](P& p, Text t) { return add_pair(p.outages, t, ':', cli::period, some_time); }},
    {"ecn", "bleach or ce", "Clear the ECN bits; or set CE where they are in use",
     [](P& p, Text t) { return put(p.ecn, ecn_rule(t)); }},
    {"drop", "3-5", "Drop these by number, from 1 (repeatable)", add_numbers},
}};

bool set_address(Address& into, Text text) {
  const auto address = Address::parse(text);
  if (address) into = *address;
  return address.has_value();
}

using O = Options;
constexpr std::array<Setting<O>, 9> kOwn{{
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

void add_path_options(CLI::App& app, Options& options) {
  for (const Setting<P>& setting : kPath) {
    const auto add = [&](const std::string& name, const char* text, const std::vector<P*>& paths) {
      const auto set = setting.set;
      return cli::add_value(app, name, setting.shape, text, [set, paths](Text value) {
        return std::ranges::all_of(paths, [&](P* path) { return set(*path, value); });
      });
    };
    const std::string name(setting.name);
    add("--" + name, setting.text, {&options.up, &options.down})->group(kBoth);
    // What is for one direction is set after what is for both, wherever it stands.
    add("--up-" + name, "", {&options.up})->group("");
    add("--down-" + name, "", {&options.down})->group("");
    if (name == "drop") {
      add("--drop-client-to-server", "The same as --up-drop", {&options.up})->group(kBoth);
    }
  }
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

void add_word(std::string& text, bool there, const std::string& word) {
  if (there) text += (text.empty() ? "" : ", ") + word;
}

}  // namespace

std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words) {
  CLI::App app("Passes UDP on to a server as a bad network would.", "./dev relay");
  app.footer(
      "A client is an address and port; it has a path of its own, and all times count from its\n"
      "first datagram (with --line shared: from that of the first client).");
  Options options;
  for (const Setting<O>& setting : kOwn) {
    const auto set = setting.set;
    cli::add_value(app, "--" + std::string(setting.name), setting.shape, setting.text,
                   [set, &options](Text value) { return set(options, value); });
  }
  add_path_options(app, options);
  if (auto parsed = cli::parse(app, words); !parsed) return std::unexpected(parsed.error());
  if (auto good = check(options); !good) return std::unexpected(cli::Stop{good.error()});
  std::ranges::stable_sort(options.rebind_address, {}, &AddressChange::at);
  return options;
}

std::string describe(const PathOptions& path) {
  std::string text;
  const auto percent = [&](double share, std::string_view what) {
    add_word(text, share > 0, formatted("{} {:g}%", what, share * 100));
  };
  percent(path.loss, "loss");
  add_word(text, path.burst != 0, formatted("{} in a row at most", path.burst));
  add_word(text, path.delay.count() > 0, "delay " + cli::text_of(path.delay));
  add_word(text, path.jitter.count() > 0, "jitter " + cli::text_of(path.jitter));
  percent(path.reorder, "reorder");
  percent(path.duplicate, "duplicate");
  percent(path.corrupt, "corrupt");
  add_word(text, path.bits != 0,
           formatted("{:g} Mbit/s with a queue of {}", static_cast<double>(path.bits) / 1e6,
                     path.queue));
  add_word(text, path.mtu != 0, formatted("mtu {}", path.mtu));
  for (const MtuChange& change : path.changes) {
    add_word(text, true, formatted("mtu {} from {} on", change.bytes, cli::text_of(change.at)));
  }
  if (path.cycle) {
    add_word(text, true,
             formatted("black for {} after each {}", cli::text_of(path.cycle->closed),
                       cli::text_of(path.cycle->open)));
  }
  for (const Outage& outage : path.outages) {
    add_word(text, true,
             formatted("black at {} for {}", cli::text_of(outage.at), cli::text_of(outage.length)));
  }
  add_word(text, path.ecn != EcnRule::keep, path.ecn == EcnRule::ce ? "ecn ce" : "ecn bleach");
  for (const Numbers& numbers : path.numbers) {
    add_word(text, true, formatted("drop {}-{}", numbers.first, numbers.last));
  }
  return text;
}

}  // namespace troika::relay
