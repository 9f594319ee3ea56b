#include "tools/cli/values.h"

#include <array>
#include <charconv>
#include <span>

#include "base/text.h"

namespace troika::cli {
namespace {

constexpr double kMostSeconds = 86400;
constexpr double kLeastBits = 1000, kMostBits = 1e11, kMostSize = 1e12;

struct Unit {
  std::string_view name;
  double times;
};
// A unit that ends like another comes before it.
constexpr std::array<Unit, 5> kTimes{{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"", 1e-3}}};
constexpr std::array<Unit, 5> kRates{
    {{"Gbit", 1e9}, {"Mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}, {"", 1}}};
constexpr std::array<Unit, 3> kSizes{{{"k", 1024}, {"M", 1024 * 1024}, {"", 1}}};

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const bool good = error == std::errc{} && end == text.data() + text.size() && value >= 0;
  return good ? std::optional(value) : std::nullopt;
}

std::optional<double> with_unit(std::string_view text, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    text.remove_suffix(unit.name.size());
    return number(text).transform([&](double value) { return value * unit.times; });
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> whole(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good =
      error == std::errc{} && end == text.data() + text.size() && least <= value && value <= most;
  return good ? std::optional(value) : std::nullopt;
}

std::optional<double> share(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto percent = number(text);
  return percent && *percent <= 100 ? std::optional(*percent / 100) : std::nullopt;
}

std::optional<Duration> period(std::string_view text) {
  const auto seconds = with_unit(text, kTimes);
  if (!seconds || *seconds > kMostSeconds) return std::nullopt;
  return std::chrono::round<Duration>(std::chrono::duration<double>(*seconds));
}

std::optional<Duration> some_time(std::string_view text) {
  return period(text).and_then(
      [](Duration d) { return d.count() > 0 ? std::optional(d) : std::nullopt; });
}

std::optional<std::size_t> byte_count(std::string_view text) {
  const auto bytes = with_unit(text, kSizes);
  if (!bytes || *bytes > kMostSize) return std::nullopt;
  return static_cast<std::size_t>(*bytes);
}

std::optional<std::uint64_t> bit_rate(std::string_view text) {
  const auto bits = with_unit(text, kRates);
  if (!bits || *bits < kLeastBits || *bits > kMostBits) return std::nullopt;
  return static_cast<std::uint64_t>(*bits);
}

std::optional<Address> ip(std::string_view text) {
  const bool bare_v6 = text.contains(':') && !text.starts_with('[');
  const auto address =
      Address::parse(bare_v6 ? formatted("[{}]:0", text) : formatted("{}:0", text));
  return address ? std::optional(*address) : std::nullopt;
}

std::optional<std::pair<std::string_view, std::string_view>> halves(std::string_view text,
                                                                    char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

std::string text_of(Duration duration) {
  const double ms = std::chrono::duration<double, std::milli>(duration).count();
  return ms < 1000 ? formatted("{:g}ms", ms) : formatted("{:g}s", ms / 1000);
}

}  // namespace troika::cli
