#include "tools/network/counts.h"

#include <array>

#include "base/text.h"

namespace troika::network {
namespace {

struct Row {
  const char* name;
  std::uint64_t Counts::* count;
};
constexpr std::array<Row, 14> kRows{{
    {"received", &Counts::received},
    {"sent on", &Counts::sent},
    {"lost", &Counts::lost},
    {"dropped by number", &Counts::numbered},
    {"in a black hole", &Counts::black_holed},
    {"too big", &Counts::too_big},
    {"queue full", &Counts::queue_full},
    {"over a limit", &Counts::overflow},
    {"delayed", &Counts::delayed},
    {"reordered", &Counts::reordered},
    {"duplicated", &Counts::duplicated},
    {"corrupted", &Counts::corrupted},
    {"ECN changed", &Counts::marked},
    {"bytes sent on", &Counts::sent_bytes},
}};

}  // namespace

void count(Counts& counts, const Verdict& verdict, TimePoint now, bool overflow) noexcept {
  const auto add = [](std::uint64_t& to, bool what) { to += what ? 1U : 0U; };
  ++counts.received;
  add(counts.numbered, verdict.dropped == Dropped::number);
  add(counts.black_holed, verdict.dropped == Dropped::black_hole);
  add(counts.too_big, verdict.dropped == Dropped::too_big);
  add(counts.lost, verdict.dropped == Dropped::lost);
  add(counts.queue_full, verdict.dropped == Dropped::queue_full);
  add(counts.overflow, overflow);
  if (verdict.dropped != Dropped::no || overflow) return;
  add(counts.delayed, verdict.due > now);
  add(counts.reordered, verdict.reordered);
  add(counts.duplicated, verdict.duplicated);
  add(counts.corrupted, verdict.corrupt_at.has_value());
}

std::string table(std::string_view what, const Counts& up, const Counts& down) {
  std::string text = formatted("{:<20}{:>12}{:>12}\n", what, "up", "down");
  for (const auto& [name, count] : kRows) {
    if (up.*count + down.*count == 0 && count != &Counts::received && count != &Counts::sent) {
      continue;
    }
    append_formatted(text, "{:<20}{:>12}{:>12}\n", name, up.*count, down.*count);
  }
  return text;
}

}  // namespace troika::network
