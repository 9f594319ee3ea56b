#include "sim/conditions.h"

#include <array>
#include <chrono>
#include <utility>

namespace troika::test {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLong = 750ms;

}  // namespace

std::span<const Condition> conditions() {
  static const std::array all{
      Condition{.name = "clean"},
      Condition{.name = "loss-2", .link = {.loss = 0.02}},
      Condition{.name = "loss-10", .link = {.loss = 0.1}},
      Condition{.name = "loss-20", .link = {.loss = 0.2}},
      Condition{.name = "reorder", .link = {.reorder = 0.2}},
      Condition{.name = "reorder-far", .link = {.reorder = 0.05, .reorder_delay = 300ms}},
      Condition{.name = "jitter", .link = {.delay = 20ms, .jitter = 60ms}},
      Condition{.name = "duplicate", .link = {.duplicate = 0.3}},
      Condition{.name = "all-twice", .link = {.duplicate = 1}},
      Condition{.name = "corrupt", .link = {.corrupt = 0.1}},
      Condition{.name = "long", .link = {.delay = kLong}},
      Condition{.name = "long-loss", .link = {.delay = kLong, .loss = 0.03}},
      Condition{.name = "dark", .dark = 5s},
      Condition{.name = "dark-up", .dark = 5s, .dark_down = false},
      Condition{.name = "dark-down", .dark = 5s, .dark_up = false},
      Condition{.name = "shrinks", .shrinks = true},
      Condition{.name = "shrinks-loss", .link = {.loss = 0.05}, .shrinks = true},
      Condition{.name = "small", .link = {.mtu = 1200}},
      Condition{.name = "bleached", .link = {.bleached = true}},
      Condition{.name = "always-ce", .link = {.congested = true}},
      Condition{.name = "ce-loss", .link = {.loss = 0.05, .congested = true}},
      Condition{
          .name = "bad",
          .link =
              {.jitter = 20ms, .loss = 0.05, .reorder = 0.1, .duplicate = 0.05, .corrupt = 0.02}},
      Condition{
          .name = "bad-dark",
          .link =
              {.loss = 0.05, .reorder = 0.1, .duplicate = 0.05, .corrupt = 0.02, .bleached = true},
          .dark = 5s},
      Condition{.name = "bad-long",
                .link = {.delay = kLong,
                         .jitter = 50ms,
                         .loss = 0.02,
                         .reorder = 0.1,
                         .duplicate = 0.05,
                         .corrupt = 0.01,
                         .congested = true}},
      Condition{.name = "bad-everything",
                .link = {.delay = 100ms,
                         .jitter = 20ms,
                         .loss = 0.05,
                         .reorder = 0.1,
                         .duplicate = 0.1,
                         .corrupt = 0.02,
                         .congested = true},
                .dark = 5s,
                .shrinks = true},
  };
  return all;
}

std::string idle_impairment(const Condition& condition, const sim::Tally& up,
                            const sim::Tally& down) {
  const sim::Link& link = condition.link;
  const bool dark = condition.dark > Duration::zero();
  struct Part {
    bool on;
    std::uint64_t sim::Tally::* count;
    std::string_view name;
    bool up = true, down = true;
  };
  const std::array parts{
      Part{link.loss > 0, &sim::Tally::lost, "loss"},
      Part{link.reorder > 0, &sim::Tally::reordered, "reordering"},
      Part{link.duplicate > 0, &sim::Tally::duplicated, "duplication"},
      Part{link.corrupt > 0, &sim::Tally::corrupted, "corruption"},
      Part{link.congested, &sim::Tally::marked, "CE"},
      Part{link.bleached, &sim::Tally::bleached, "bleaching"},
      Part{dark, &sim::Tally::black_holed, "the black hole", condition.dark_up,
           condition.dark_down},
      Part{condition.shrinks, &sim::Tally::too_big, "the smaller MTU"},
  };
  for (const Part& part : parts) {
    const bool idle = (part.up && up.*part.count == 0) || (part.down && down.*part.count == 0);
    if (part.on && idle) return std::string(part.name);
  }
  return "";
}

}  // namespace troika::test
