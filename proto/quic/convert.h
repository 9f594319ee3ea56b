#pragma once
#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/time.h"
#include "ports/address.h"

// Between our types and ngtcp2's.
namespace troika::quic {

inline ngtcp2_tstamp to_stamp(TimePoint time) noexcept {
  return static_cast<ngtcp2_tstamp>(time.time_since_epoch().count());
}

// UINT64_MAX is ngtcp2's "never".
inline TimePoint to_time(ngtcp2_tstamp stamp) noexcept {
  constexpr auto kLast = static_cast<ngtcp2_tstamp>(std::numeric_limits<Duration::rep>::max());
  return stamp >= kLast ? kNever : TimePoint(Duration(static_cast<Duration::rep>(stamp)));
}

inline ngtcp2_duration to_duration(Duration duration) noexcept {
  return static_cast<ngtcp2_duration>(duration.count());
}

inline Duration from_duration(ngtcp2_duration duration) noexcept {
  return to_time(duration).time_since_epoch();
}

inline const std::uint8_t* as_u8(const std::byte* bytes) noexcept {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}
inline std::uint8_t* as_u8(std::byte* bytes) noexcept {
  return reinterpret_cast<std::uint8_t*>(bytes);
}
inline const std::byte* as_bytes(const std::uint8_t* bytes) noexcept {
  return reinterpret_cast<const std::byte*>(bytes);
}

// The two ends of a packet's way, in the form that ngtcp2 takes.
struct Path {
  Address local, remote;

  friend bool operator==(const Path&, const Path&) noexcept = default;
  ngtcp2_path view() noexcept {
    return {.local = {.addr = local.get(), .addrlen = local.size()},
            .remote = {.addr = remote.get(), .addrlen = remote.size()},
            .user_data = nullptr};
  }
};

inline Path to_path(const ngtcp2_path& path) noexcept {
  return {Address(path.local.addr), Address(path.remote.addr)};
}

}  // namespace troika::quic
