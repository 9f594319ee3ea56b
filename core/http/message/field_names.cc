#include "http/message/field_names.h"

#include <array>
#include <cstddef>

#include "base/text.h"

namespace troika {
namespace {

constexpr std::size_t kSlots = 1024;

// The same for capital letters, which lack one bit.
constexpr std::size_t slot_of(std::string_view name, std::size_t seed) noexcept {
  const auto byte = [name](std::size_t i) { return static_cast<unsigned char>(name[i]) | 0x20U; };
  std::size_t hash = name.size() * 131 + byte(0);
  hash = hash * seed + byte(name.size() - 1);
  hash = hash * seed + byte(name.size() * 3 / 4);
  return (hash ^ (hash >> 10U)) % kSlots;
}

// With this seed each name has a slot of its own.
consteval std::size_t find_seed() {
  for (std::size_t seed = 31;; seed += 2) {
    std::array<bool, kSlots> taken{};
    bool alone = true;
    for (std::size_t i = 1; i < kFieldNames.size() && alone; ++i) {
      bool& slot = taken[slot_of(kFieldNames[i], seed)];
      alone = !slot;
      slot = true;
    }
    if (alone) return seed;
  }
}
constexpr std::size_t kSeed = find_seed();

constexpr auto kTable = [] {
  std::array<FieldName, kSlots> table{};
  for (std::size_t i = 1; i < kFieldNames.size(); ++i) {
    table[slot_of(kFieldNames[i], kSeed)] = static_cast<FieldName>(i);
  }
  return table;
}();

}  // namespace

FieldName field_name(std::string_view name) noexcept {
  if (name.empty()) return FieldName::other;
  const FieldName found = kTable[slot_of(name, kSeed)];
  return ascii::equal_lower(name, text_of(found)) ? found : FieldName::other;
}

}  // namespace troika
