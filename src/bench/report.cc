#include "bench/report.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace troika::bench {
namespace {

constexpr double kBusy = 0.9;  // of the time of its threads

struct Quantile {
  const char* name;
  std::uint64_t millionths;
};
constexpr std::array<Quantile, 4> kQuantiles{
    {{"p50", 500'000}, {"p90", 900'000}, {"p99", 990'000}, {"p99.9", 999'000}}};

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

double ratio(double of, double to) { return to > 0 ? of / to : 0; }

const char* name_of(client::Protocol protocol) {
  switch (protocol) {
    case client::Protocol::h1:
    case client::Protocol::h1_plain: return "http/1.1";
    case client::Protocol::h2:
    case client::Protocol::h2_plain: return "http/2";
    case client::Protocol::h3: return "http/3";
  }
  return "";
}

// In a unit that keeps it above 1, with three digits.
std::string time_text(Duration time) {
  const double us = std::chrono::duration<double, std::micro>(time).count();
  const auto [value, unit] = us < 1000        ? std::pair(us, "us")
                             : us < 1'000'000 ? std::pair(us / 1000, "ms")
                                              : std::pair(us / 1'000'000, "s");
  return formatted("{:.{}f} {}", value, value < 10 ? 2 : value < 100 ? 1 : 0, unit);
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return formatted("{:.{}f} {}", bytes, unit == 0 ? 0 : 2, kUnits[unit]);
}

double busy(const Tally& tally) {
  return ratio(seconds(tally.cpu), seconds(tally.length) * tally.threads);
}

void add_line(std::string& to, std::string_view name, std::string_view text) {
  append_formatted(to, "{:<12} {}\n", name, text);
}

std::string statuses_text(const Tally& tally) {
  std::string text;
  for (std::size_t i = 0; i < tally.statuses.size(); ++i) {
    if (tally.statuses[i] == 0) continue;
    text += formatted("{}{}xx {}", text.empty() ? "" : ", ", i + 1, tally.statuses[i]);
  }
  return text.empty() ? "none" : text;
}

std::string troubles_text(const Tally& tally) {
  std::string text;
  for (std::size_t i = 0; i < kTroubleNames.size(); ++i) {
    if (tally.troubles[i] == 0 && tally.reasons[i].empty()) continue;
    text += formatted("{}{} {}", text.empty() ? "" : ", ", kTroubleNames[i], tally.troubles[i]);
    if (!tally.reasons[i].empty()) text += formatted(" ({})", tally.reasons[i]);
  }
  return text.empty() ? "none" : text;
}

std::string latency_text(const Histogram& latency) {
  std::string text =
      formatted("min {}, mean {}", time_text(latency.min()), time_text(latency.mean()));
  for (const auto& [name, millionths] : kQuantiles) {
    text += formatted(", {} {}", name, time_text(latency.quantile(millionths)));
  }
  return text + formatted(", max {}", time_text(latency.max()));
}

}  // namespace

bool was_bottleneck(const Tally& tally) noexcept {
  return tally.requests != 0 && busy(tally) > kBusy;
}

std::string text_report(const Options& options, const Tally& tally) {
  const double length = seconds(tally.length);
  const auto requests = static_cast<double>(tally.requests);
  std::string text =
      formatted("{} over {}: {} connection{}, {} request{} at a time on each\n", options.url,
                name_of(options.protocol), options.connections, options.connections == 1 ? "" : "s",
                options.streams, options.streams == 1 ? "" : "s");
  add_line(text, "Requests",
           formatted("{} in {:.2f} s, {:.1f} a second", tally.requests, length,
                     ratio(requests, length)));
  add_line(text, "Content",
           formatted("{}, {} a second", bytes_text(static_cast<double>(tally.bytes)),
                     bytes_text(ratio(static_cast<double>(tally.bytes), length))));
  add_line(text, "Statuses", statuses_text(tally));
  add_line(text, "Errors", troubles_text(tally));
  if (tally.unfinished != 0) {
    add_line(text, "Unfinished", formatted("{} at the end", tally.unfinished));
  }
  if (tally.requests != 0) add_line(text, "Latency", latency_text(tally.latency));
  add_line(text, "Connections", formatted("{} made", tally.connections));
  add_line(text, "Own CPU",
           formatted("{:.3f} s, {:.2f} us a request, {:.0f} % of {} thread{}", seconds(tally.cpu),
                     ratio(seconds(tally.cpu) * 1e6, requests), 100 * busy(tally), tally.threads,
                     tally.threads == 1 ? "" : "s"));
  if (was_bottleneck(tally)) {
    text += "The load generator itself was the limit: use more --threads, or another core.\n";
  }
  return text;
}

std::string json_report(const Options& options, const Tally& tally) {
  using Json = nlohmann::ordered_json;
  const double length = seconds(tally.length);
  const auto requests = static_cast<double>(tally.requests);
  Json json{{"url", options.url},
            {"protocol", name_of(options.protocol)},
            {"connections", options.connections},
            {"streams", options.streams},
            {"threads", tally.threads},
            {"requests", tally.requests},
            {"seconds", length},
            {"requests_per_second", ratio(requests, length)},
            {"bytes", tally.bytes},
            {"bytes_per_second", ratio(static_cast<double>(tally.bytes), length)},
            {"errors", tally.all_troubles()},
            {"unfinished", tally.unfinished},
            {"connections_made", tally.connections},
            {"cpu_seconds", seconds(tally.cpu)},
            {"cpu_seconds_per_request", ratio(seconds(tally.cpu), requests)},
            {"bottleneck", was_bottleneck(tally)}};
  for (std::size_t i = 0; i < kTroubleNames.size(); ++i) {
    const std::string name(kTroubleNames[i]);
    json["errors_by_kind"][name] = tally.troubles[i];
    if (!tally.reasons[i].empty()) json["reasons"][name] = tally.reasons[i];
  }
  for (std::size_t i = 0; i < tally.statuses.size(); ++i) {
    json["statuses"][formatted("{}xx", i + 1)] = tally.statuses[i];
  }
  Json& latency = json["latency"];
  latency["min"] = seconds(tally.latency.min());
  latency["mean"] = seconds(tally.latency.mean());
  for (const auto& [name, millionths] : kQuantiles) {
    latency[name] = seconds(tally.latency.quantile(millionths));
  }
  latency["max"] = seconds(tally.latency.max());
  // A file name or a URL may hold bytes that are no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string progress_line(std::uint64_t second, std::uint64_t requests, std::uint64_t since,
                          std::uint64_t troubles) {
  return formatted("{} s: {} requests, {} in the last second, {} errors", second, requests, since,
                   troubles);
}

}  // namespace troika::bench
