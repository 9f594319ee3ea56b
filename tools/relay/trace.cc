#include "tools/relay/trace.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace troika::relay {
namespace {

constexpr std::uint32_t kVersion1 = 1, kVersion2 = 0x6b3343cf;
constexpr std::array<std::string_view, 4> kTypes{"initial", "0-rtt", "handshake", "retry"};

std::string_view name_of(Dropped dropped) noexcept {
  switch (dropped) {
    case Dropped::no: return "passed";
    case Dropped::number: return "dropped-by-number";
    case Dropped::black_hole: return "black-hole";
    case Dropped::too_big: return "too-big";
    case Dropped::lost: return "lost";
    case Dropped::queue_full: return "queue-full";
  }
  return "";
}

}  // namespace

std::string_view packet_class(std::span<const std::byte> datagram) noexcept {
  if (datagram.empty()) return "empty";
  const auto first = std::to_integer<unsigned>(datagram[0]);
  if ((first & 0x80U) == 0) return "short";
  if (datagram.size() < 5) return "long";
  std::uint32_t version = 0;
  for (std::size_t i = 1; i < 5; ++i) {
    version = version << 8U | std::to_integer<std::uint32_t>(datagram[i]);
  }
  if (version == 0) return "version-negotiation";
  const unsigned type = first >> 4U & 3U;
  if (version == kVersion1) return kTypes.at(type);
  return version == kVersion2 ? kTypes.at((type + 3U) % 4U) : "long";
}

std::string text_of(const TraceEntry& entry) {
  const Verdict& verdict = entry.verdict;
  std::string line =
      formatted("{:.6f} {} {} {} {} {}", std::chrono::duration<double>(entry.since).count(),
                entry.client, entry.up ? "up" : "down", entry.bytes, entry.packet,
                entry.overflow ? std::string_view("over-limit") : name_of(verdict.dropped));
  if (verdict.dropped != Dropped::no || entry.overflow) return line;
  if (entry.delay.count() > 0) {
    line += formatted(" delayed={:.3f}ms",
                      std::chrono::duration<double, std::milli>(entry.delay).count());
  }
  if (verdict.reordered) line += " reordered";
  if (verdict.duplicated) line += " duplicated";
  if (verdict.corrupt_at) line += formatted(" corrupted={}", *verdict.corrupt_at);
  if (entry.marked) line += " ecn";
  return line;
}

Checked<Trace> Trace::open(const std::string& file, std::uint64_t most_lines) {
  Trace trace;
  trace.file_.reset(std::fopen(file.c_str(), "we"));
  if (!trace.on()) {
    return std::unexpected(
        formatted("--trace: {} could not be written: {}", file, std::strerror(errno)));
  }
  trace.left_ = most_lines;
  std::fputs("# seconds client direction bytes packet fate\n", trace.file_.get());
  return trace;
}

void Trace::add(const TraceEntry& entry) {
  if (!on()) return;
  if (left_ == 0) {
    std::fputs("# the trace ends here: it has as many lines as it may\n", file_.get());
    file_.reset();
    return;
  }
  --left_;
  std::fputs((text_of(entry) + '\n').c_str(), file_.get());
}

}  // namespace troika::relay
