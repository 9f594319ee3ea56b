#include "tools/network/path_options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "tools/cli/command_line.h"

namespace troika::network {
namespace {

using cli::add_pair, cli::put, cli::some_time;

constexpr std::uint64_t kMany = 1'000'000'000;
constexpr std::size_t kMostQueue = 10'000, kMostQueueBytes = 64U << 20U, kMostBytes = 65'527;

std::optional<std::size_t> size_value(std::string_view text) {
  return cli::whole(text, 1, kMostBytes);
}
std::optional<std::uint64_t> count_value(std::string_view text) {
  return cli::whole(text, 1, kMany);
}
std::optional<EcnRule> ecn_rule(std::string_view text) {
  if (text == "bleach") return EcnRule::bleach;
  return text == "ce" ? std::optional(EcnRule::ce) : std::nullopt;
}

// A number alone is one of packets.
bool set_queue(PathOptions& path, std::string_view text) {
  if (const auto packets = cli::whole(text, 1, kMostQueue)) {
    path.queue = {.packets = *packets, .bytes = 0};
    return true;
  }
  const auto bytes = cli::byte_count(text);
  if (!bytes || *bytes == 0 || *bytes > kMostQueueBytes || ascii::is_digit(text.back())) {
    return false;
  }
  path.queue = {.packets = 0, .bytes = *bytes};
  return true;
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
constexpr std::array<PathSetting, 15> kPath{{
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
    {"rate", "10Mbit", "So much a second: 500kbit, 10Mbit",
     [](P& p, Text t) { return put(p.bits, cli::bit_rate(t)); }},
    {"queue", "25 or 256k", "So many, or so many bytes, wait at most (25); more are lost",
     set_queue},
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

void add_word(std::string& text, bool there, const std::string& word) {
  if (there) text += (text.empty() ? "" : ", ") + word;
}

std::string text_of(const Queue& queue) {
  return queue.bytes != 0 ? formatted("{} bytes", queue.bytes) : std::to_string(queue.packets);
}

}  // namespace

std::span<const PathSetting> path_settings() noexcept { return kPath; }

void add_path_option(CLI::App& app, const PathSetting& setting, const std::string& group,
                     PathOptions& up, PathOptions& down) {
  const auto add = [&](const std::string& name, const char* text, const std::vector<P*>& paths) {
    const auto set = setting.set;
    return cli::add_value(app, name, setting.shape, text, [set, paths](Text value) {
      return std::ranges::all_of(paths, [&](P* path) { return set(*path, value); });
    });
  };
  const std::string name(setting.name);
  add("--" + name, setting.text, {&up, &down})->group(group);
  // What is for one direction is set after what is for both, wherever it stands.
  add("--up-" + name, "", {&up})->group("");
  add("--down-" + name, "", {&down})->group("");
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
                     text_of(path.queue)));
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

}  // namespace troika::network
