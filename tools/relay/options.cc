#include "tools/relay/options.h"

#include <algorithm>
#include <array>
#include <format>
#include <tuple>

#include "tools/relay/values.h"

namespace troika::relay {
namespace {

constexpr std::uint64_t kMany = 1'000'000'000;
constexpr std::size_t kMostQueue = 10'000, kMostClients = 256, kMostBytes = 65'527;

// Takes a value, or says no.
template <class Into>
struct Setting {
  std::string_view name, shape;
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
  const auto parts = halves(text, mark);
  if (!parts) return false;
  const auto a = first(parts->first);
  const auto b = second(parts->second);
  if (a && b) into.push_back({*a, *b});
  return a && b;
}

std::optional<std::size_t> size_value(std::string_view text) { return whole(text, 1, kMostBytes); }
std::optional<std::uint64_t> count_value(std::string_view text) { return whole(text, 1, kMany); }
std::optional<Duration> some_time(std::string_view text) {
  return period(text).and_then(
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
    {"loss", "2%", [](P& p, Text t) { return put(p.loss, share(t)); }},
    {"burst", "3", [](P& p, Text t) { return put(p.burst, count_value(t)); }},
    {"delay", "50ms", [](P& p, Text t) { return put(p.delay, period(t)); }},
    {"jitter", "5ms", [](P& p, Text t) { return put(p.jitter, period(t)); }},
    {"reorder", "1%", [](P& p, Text t) { return put(p.reorder, share(t)); }},
    {"duplicate", "1%", [](P& p, Text t) { return put(p.duplicate, share(t)); }},
    {"corrupt", "1%", [](P& p, Text t) { return put(p.corrupt, share(t)); }},
    {"rate", "10Mbit", [](P& p, Text t) { return put(p.bits, bit_rate(t)); }},
    {"queue", "25", [](P& p, Text t) { return put(p.queue, whole(t, 1, kMostQueue)); }},
    {"mtu", "1350", [](P& p, Text t) { return put(p.mtu, size_value(t)); }},
    {"mtu-after", "2s:1300",
     [](P& p, Text t) { return add_pair(p.changes, t, ':', period, size_value); }},
    {"blackhole", "2s:8s", set_cycle},
    {"blackhole-at", "5s:2s",
     [](P& p, Text t) { return add_pair(p.outages, t, ':', period, some_time); }},
    {"ecn", "bleach or ce", [](P& p, Text t) { return put(p.ecn, ecn_rule(t)); }},
    {"drop", "3-5", add_numbers},
}};

bool set_address(Address& into, Text text) {
  const auto address = Address::parse(text);
  if (address) into = *address;
  return address.has_value();
}

using O = Options;
constexpr std::array<Setting<O>, 9> kOwn{{
    {"to", "127.0.0.1:8443", [](O& o, Text t) { return set_address(o.to, t) && o.to.port() != 0; }},
    {"listen", "127.0.0.1:9443", [](O& o, Text t) { return set_address(o.listen, t); }},
    {"rebind-port", "200ms", [](O& o, Text t) { return put(o.rebind_port, some_time(t)); }},
    {"rebind-address", "3s:127.0.0.2",
     [](O& o, Text t) { return add_pair(o.rebind_address, t, ':', period, ip); }},
    {"trace", "FILE", [](O& o, Text t) { return !(o.trace = t).empty(); }},
    {"seed", "7", [](O& o, Text t) { return put(o.seed, whole(t, 0, UINT64_MAX)); }},
    {"for", "30s", [](O& o, Text t) { return put(o.length, some_time(t)); }},
    {"max-clients", "64",
     [](O& o, Text t) { return put(o.max_clients, whole(t, 1, kMostClients)); }},
    {"line", "own or shared", [](O& o, Text t) { return put(o.shared_line, line_rule(t)); }},
}};

constexpr std::string_view kUsage =
    "./dev relay --to ADDR:PORT [options]    passes UDP on to a server as a bad network would\n"
    "  --listen ADDR:PORT        where clients come in (127.0.0.1:9443)\n"
    "Both directions, or one: --up-loss is for what clients send, --down-loss for answers.\n"
    "  --loss P%  --burst N      loses datagrams; at most N of them in a row\n"
    "  --delay T  --jitter T     50ms, 1.5s; jitter is added, and keeps the order\n"
    "  --reorder P%              lets them fall behind by 10 ms\n"
    "  --duplicate P%  --corrupt P%   sends them twice; flips bits of one byte\n"
    "  --rate BITS  --queue N    10Mbit, 500kbit (of payload); N wait at most (25), more are lost\n"
    "  --mtu N  --mtu-after T:N  drops what has more than N bytes; from time T on\n"
    "  --blackhole T:U           passes for U, then nothing for T, and again\n"
    "  --blackhole-at T:LENGTH   nothing passes from T on, for LENGTH (repeatable)\n"
    "  --ecn bleach|ce           clears the ECN bits; or sets CE where they are in use\n"
    "  --drop N-M                these by number, from 1 (repeatable)\n"
    "  --drop-client-to-server N-M   the same as --up-drop\n"
    "What a client seems to be to the server, after its handshake:\n"
    "  --rebind-port T           its next datagram after each T comes from a new port\n"
    "  --rebind-address T:ADDR   from T on it comes from ADDR (repeatable)\n"
    "The relay itself:\n"
    "  --trace FILE              one line for each datagram\n"
    "  --seed N                  the same seed decides alike (1)\n"
    "  --for T                   ends by itself (10m)\n"
    "  --max-clients N           others get no answer (64)\n"
    "  --line own|shared         shared: one rate, queue and fate for all clients together (own)\n"
    "A client is an address and port; it has a path of its own, and all times T count from its\n"
    "first datagram (of a shared line: from that of the first client).\n";

template <class Into, std::size_t n>
const Setting<Into>* find(const std::array<Setting<Into>, n>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Setting<Into>::name);
  return found == all.end() ? nullptr : &*found;
}

std::unexpected<std::string> bad_value(Text name, Text shape, Text value) {
  return std::unexpected(std::format("--{} takes a value like {}, not \"{}\"", name, shape, value));
}

Checked<void> set(Options& options, Text name, Text value) {
  if (const auto* own = find(kOwn, name)) {
    if (!own->set(options, value)) return bad_value(name, own->shape, value);
    return {};
  }
  Text rest = name;
  bool up = true, down = true;
  if (name == "drop-client-to-server") rest = "up-drop";
  if (rest.starts_with("up-")) {
    rest.remove_prefix(3);
    down = false;
  } else if (rest.starts_with("down-")) {
    rest.remove_prefix(5);
    up = false;
  }
  const auto* const path = find(kPath, rest);
  if (path == nullptr) {
    return std::unexpected(std::format("there is no option --{}; see ./dev relay --help", name));
  }
  if ((up && !path->set(options.up, value)) || (down && !path->set(options.down, value))) {
    return bad_value(name, path->shape, value);
  }
  return {};
}

Checked<void> check(const Options& options) {
  if (options.to.family() == AF_UNSPEC) {
    return std::unexpected(std::string("--to is missing: ./dev relay --to 127.0.0.1:8443"));
  }
  if (options.to == options.listen) {
    return std::unexpected(std::format(
        "--to and --listen are both {}, so the relay would feed itself", options.to.text()));
  }
  if ((options.up.burst != 0 || options.down.burst != 0) && options.up.loss <= 0 &&
      options.down.loss <= 0) {
    return std::unexpected(std::string("--burst says nothing without --loss"));
  }
  for (const AddressChange& change : options.rebind_address) {
    if (change.from.family() != options.to.family()) {
      return std::unexpected(std::format("--rebind-address {} is of another family than --to {}",
                                         change.from.ip(), options.to.text()));
    }
  }
  return {};
}

void add_word(std::string& text, bool there, const std::string& word) {
  if (there) text += (text.empty() ? "" : ", ") + word;
}

}  // namespace

std::string_view usage() noexcept { return kUsage; }

Checked<Options> parse_options(std::span<const std::string_view> words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    Text name = words[i];
    if (!name.starts_with("--")) {
      return std::unexpected(std::format("what is \"{}\"? see ./dev relay --help", name));
    }
    name.remove_prefix(2);
    Text value;
    if (const auto parts = halves(name, '=')) {
      std::tie(name, value) = *parts;
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return std::unexpected(std::format("--{} needs a value; see ./dev relay --help", name));
    }
    if (auto done = set(options, name, value); !done) return std::unexpected(done.error());
  }
  if (auto good = check(options); !good) return std::unexpected(good.error());
  std::ranges::stable_sort(options.rebind_address, {}, &AddressChange::at);
  return options;
}

std::string describe(const PathOptions& path) {
  std::string text;
  const auto percent = [&](double share, std::string_view what) {
    add_word(text, share > 0, std::format("{} {:g}%", what, share * 100));
  };
  percent(path.loss, "loss");
  add_word(text, path.burst != 0, std::format("{} in a row at most", path.burst));
  add_word(text, path.delay.count() > 0, "delay " + text_of(path.delay));
  add_word(text, path.jitter.count() > 0, "jitter " + text_of(path.jitter));
  percent(path.reorder, "reorder");
  percent(path.duplicate, "duplicate");
  percent(path.corrupt, "corrupt");
  add_word(text, path.bits != 0,
           std::format("{:g} Mbit/s with a queue of {}", static_cast<double>(path.bits) / 1e6,
                       path.queue));
  add_word(text, path.mtu != 0, std::format("mtu {}", path.mtu));
  for (const MtuChange& change : path.changes) {
    add_word(text, true, std::format("mtu {} from {} on", change.bytes, text_of(change.at)));
  }
  if (path.cycle) {
    add_word(text, true,
             std::format("black for {} after each {}", text_of(path.cycle->closed),
                         text_of(path.cycle->open)));
  }
  for (const Outage& outage : path.outages) {
    add_word(text, true,
             std::format("black at {} for {}", text_of(outage.at), text_of(outage.length)));
  }
  add_word(text, path.ecn != EcnRule::keep, path.ecn == EcnRule::ce ? "ecn ce" : "ecn bleach");
  for (const Numbers& numbers : path.numbers) {
    add_word(text, true, std::format("drop {}-{}", numbers.first, numbers.last));
  }
  return text;
}

}  // namespace troika::relay
