#include "http/semantics/negotiation.h"

#include "base/text.h"
#include "http/message/fields.h"

namespace troika {
namespace {

constexpr std::array<std::string_view, 4> kNames{"identity", "br", "zstd", "gzip"};

std::optional<std::size_t> index_of(std::string_view coding) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (ascii::equal_ignoring_case(coding, kNames[i])) return i;
  }
  // RFC 9110 §8.4.1.3.
  if (ascii::equal_ignoring_case(coding, "x-gzip")) {
    return static_cast<std::size_t>(Coding::gzip);
  }
  return std::nullopt;
}

// RFC 9110 §12.5.1: the most specific range decides. Offers have no parameters, so a range with
// parameters fits less well than the same range without; but it still tells what the client can
// read.
enum Specificity : std::uint8_t { kNone = 0, kAny = 2, kAnySubtype = 4, kExact = 6 };

unsigned specificity(const WeightedItem& range, std::string_view type) noexcept {
  const std::string_view name = range.name;
  unsigned level = kNone;
  if (ascii::equal_ignoring_case(name, type)) {
    level = kExact;
  } else if (name == "*/*") {
    level = kAny;
  } else if (name.ends_with("/*") && ascii::equal_ignoring_case(name.substr(0, name.size() - 1),
                                                                type.substr(0, name.size() - 1))) {
    level = kAnySubtype;
  }
  return level != kNone && range.has_parameters ? level - 1 : level;
}

struct Preference {
  unsigned specificity = kNone, quality = 0;
};

// Of equally specific ranges the last one counts.
Preference preference(const HeaderMap& headers, std::string_view type) noexcept {
  Preference best;
  for_each_weighted(headers, "accept", [&](const WeightedItem& range) {
    const unsigned level = specificity(range, type);
    if (level != kNone && level >= best.specificity) best = {level, range.quality};
  });
  return best;
}

}  // namespace

std::string_view name_of(Coding coding) noexcept {
  return kNames[static_cast<std::size_t>(coding)];
}

// Of several members for the same coding the last valid one counts.
AcceptEncoding::AcceptEncoding(const HeaderMap& headers) {
  std::array<std::optional<unsigned>, kNames.size()> named;
  std::optional<unsigned> others;
  for_each_weighted(headers, "accept-encoding", [&](const WeightedItem& item) {
    if (item.name == "*") {
      others = item.quality;
    } else if (const auto index = index_of(item.name)) {
      named[*index] = item.quality;
    }
  });
  for (std::size_t i = 0; i < named.size(); ++i) {
    quality_[i] = named[i].value_or(others.value_or(0));
  }
  constexpr auto kIdentity = static_cast<std::size_t>(Coding::identity);
  identity_implied_ = !named[kIdentity] && !others;
  if (identity_implied_) quality_[kIdentity] = 1;
}

std::optional<std::size_t> AcceptEncoding::choose(std::span<const Coding> offers) const noexcept {
  // An implied identity ranks between "not acceptable" and the lowest quality.
  const auto rank = [this](Coding coding) {
    return identity_implied_ && coding == Coding::identity ? 1U : 2 * quality(coding);
  };
  std::optional<std::size_t> best;
  unsigned best_rank = 0;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (rank(offers[i]) <= best_rank) continue;
    best_rank = rank(offers[i]);
    best = i;
  }
  return best;
}

std::size_t choose_media_type(const HeaderMap& headers,
                              std::span<const std::string_view> offers) noexcept {
  std::size_t best = 0;
  Preference best_so_far;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Preference found = preference(headers, offers[i]);
    const bool closer = found.quality == best_so_far.quality && found.quality > 0 &&
                        found.specificity > best_so_far.specificity;
    if (found.quality <= best_so_far.quality && !closer) continue;
    best_so_far = found;
    best = i;
  }
  return best;
}

bool names_media_type(const HeaderMap& headers, std::string_view type) noexcept {
  const Preference found = preference(headers, type);
  return found.specificity > kAnySubtype && found.quality > 0;
}

}  // namespace troika
