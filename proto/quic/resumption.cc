#include "proto/quic/resumption.h"

#include <concepts>

#include "base/digest64.h"

namespace troika::quic {
namespace {

// Changes with what follows it.
constexpr std::uint32_t kFormat = 0x54515201;

void put(std::vector<std::byte>& to, std::unsigned_integral auto number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    to.push_back(static_cast<std::byte>(number >> (8 * (sizeof number - 1 - i))));
  }
}

void put(std::vector<std::byte>& to, const std::vector<std::byte>& bytes) {
  put(to, static_cast<std::uint32_t>(bytes.size()));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

template <std::unsigned_integral Number>
bool take(std::span<const std::byte>& from, Number& number) {
  if (from.size() < sizeof number) return false;
  number = 0;
  for (const std::byte each : from.first(sizeof number)) {
    number = static_cast<Number>(number << 8U | std::to_integer<Number>(each));
  }
  from = from.subspan(sizeof number);
  return true;
}

bool take(std::span<const std::byte>& from, std::vector<std::byte>& bytes) {
  std::uint32_t size = 0;
  if (!take(from, size) || from.size() < size) return false;
  bytes.assign(from.begin(), from.begin() + size);
  from = from.subspan(size);
  return true;
}

}  // namespace

std::vector<std::byte> encode(const Resumption& resumption) {
  std::vector<std::byte> bytes;
  put(bytes, kFormat);
  put(bytes, resumption.version);
  put(bytes, resumption.session);
  put(bytes, resumption.limits);
  put(bytes, resumption.application);
  put(bytes, Digest64().add(bytes).value());
  return bytes;
}

std::optional<Resumption> decode_resumption(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return std::nullopt;
  const auto covered = bytes.first(bytes.size() - sizeof(std::uint64_t));
  auto end = bytes.subspan(covered.size());
  auto rest = covered;
  std::uint32_t format = 0;
  std::uint64_t digest = 0;
  Resumption made;
  const bool whole = take(end, digest) && digest == Digest64().add(covered).value() &&
                     take(rest, format) && format == kFormat && take(rest, made.version) &&
                     take(rest, made.session) && take(rest, made.limits) &&
                     take(rest, made.application) && rest.empty();
  if (!whole) return std::nullopt;
  return made;
}

}  // namespace troika::quic
