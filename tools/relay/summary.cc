#include "tools/relay/summary.h"

#include <array>

#include "base/text.h"

namespace troika::relay {
namespace {

struct Row {
  const char* name;
  std::uint64_t Counts::* count;
};
constexpr std::array<Row, 13> kRows{{
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
}};

}  // namespace

std::string text_of(const Summary& summary) {
  std::string text = formatted("{:<20}{:>12}{:>12}\n", "datagrams", "up", "down");
  for (const auto& [name, count] : kRows) {
    const std::uint64_t up = summary.up.*count, down = summary.down.*count;
    if (up + down == 0 && count != &Counts::received && count != &Counts::sent) continue;
    text += formatted("{:<20}{:>12}{:>12}\n", name, up, down);
  }
  text += formatted("{} clients, {} port changes, {} address changes\n", summary.clients,
                    summary.port_changes, summary.address_changes);
  if (summary.refused != 0) {
    text += formatted("{} datagrams of further clients were refused\n", summary.refused);
  }
  if (summary.foreign != 0) {
    text += formatted("{} datagrams were not from the server\n", summary.foreign);
  }
  if (summary.failed_changes != 0) {
    text += formatted("{} changes failed: no socket could be had\n", summary.failed_changes);
  }
  return text;
}

}  // namespace troika::relay
