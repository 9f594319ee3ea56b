#include "http/message/field_names.h"

#include <array>
#include <cstddef>

namespace troika {
namespace {

// In the order of FieldName.
constexpr std::array<std::string_view, 61> kNames{"",
                                                  "accept",
                                                  "accept-encoding",
                                                  "accept-language",
                                                  "accept-ranges",
                                                  "age",
                                                  "alt-svc",
                                                  "authorization",
                                                  "cache-control",
                                                  "connection",
                                                  "content-disposition",
                                                  "content-encoding",
                                                  "content-length",
                                                  "content-range",
                                                  "content-security-policy",
                                                  "content-type",
                                                  "cookie",
                                                  "date",
                                                  "dnt",
                                                  "early-data",
                                                  "etag",
                                                  "expect",
                                                  "expires",
                                                  "forwarded",
                                                  "host",
                                                  "if-match",
                                                  "if-modified-since",
                                                  "if-none-match",
                                                  "if-range",
                                                  "if-unmodified-since",
                                                  "keep-alive",
                                                  "last-modified",
                                                  "link",
                                                  "location",
                                                  "origin",
                                                  "pragma",
                                                  "priority",
                                                  "proxy-authorization",
                                                  "proxy-connection",
                                                  "range",
                                                  "referer",
                                                  "repr-digest",
                                                  "retry-after",
                                                  "sec-websocket-accept",
                                                  "sec-websocket-key",
                                                  "sec-websocket-version",
                                                  "server",
                                                  "set-cookie",
                                                  "strict-transport-security",
                                                  "te",
                                                  "trailer",
                                                  "transfer-encoding",
                                                  "upgrade",
                                                  "upgrade-insecure-requests",
                                                  "user-agent",
                                                  "vary",
                                                  "via",
                                                  "want-repr-digest",
                                                  "www-authenticate",
                                                  "x-content-type-options",
                                                  "x-forwarded-for"};
static_assert(kNames.size() == static_cast<std::size_t>(FieldName::x_forwarded_for) + 1);
static_assert(kNames.size() <= 64);  // HeaderMap keeps a bit for each

constexpr std::size_t kSlots = 1024;

constexpr std::size_t slot_of(std::string_view name, std::size_t seed) noexcept {
  std::size_t hash = name.size() * 131 + static_cast<unsigned char>(name.front());
  hash = hash * seed + static_cast<unsigned char>(name.back());
  hash = hash * seed + static_cast<unsigned char>(name[name.size() / 2]);
  return (hash ^ (hash >> 10U)) % kSlots;
}

// With this seed each name has a slot of its own.
consteval std::size_t find_seed() {
  for (std::size_t seed = 31;; seed += 2) {
    std::array<bool, kSlots> taken{};
    bool alone = true;
    for (std::size_t i = 1; i < kNames.size() && alone; ++i) {
      bool& slot = taken[slot_of(kNames[i], seed)];
      alone = !slot;
      slot = true;
    }
    if (alone) return seed;
  }
}
constexpr std::size_t kSeed = find_seed();

constexpr auto kTable = [] {
  std::array<FieldName, kSlots> table{};
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    table[slot_of(kNames[i], kSeed)] = static_cast<FieldName>(i);
  }
  return table;
}();

}  // namespace

FieldName field_name(std::string_view name) noexcept {
  if (name.empty()) return FieldName::other;
  const FieldName found = kTable[slot_of(name, kSeed)];
  return text_of(found) == name ? found : FieldName::other;
}

std::string_view text_of(FieldName name) noexcept { return kNames[static_cast<std::size_t>(name)]; }

}  // namespace troika
