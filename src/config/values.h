#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "log/format.h"
#include "log/server_log.h"
#include "ports/address.h"
#include "proto/quic/config.h"
#include "tls/context/server_context.h"

namespace troika {

// Texts that a person writes, and what they stand for. An error is what is wrong with the value and
// what to write instead; who reads it adds the option or the line of a file.

// Those of one option or key, in their order; a flag of the command line has none.
using Values = std::span<const std::string>;

// One byte of a connection id names the worker, so that many differ by chance often enough.
inline constexpr unsigned kMostWorkers = 128;
inline constexpr std::size_t kLeastMemory = 16U << 20U;  // bytes
inline constexpr std::uint32_t kMostSeconds = 86'400;
inline constexpr std::uint32_t kMostRate = 1'000'000;  // bytes a second

Checked<std::string> parse_text(std::string_view text);  // any

// Bytes: a whole number with B, KiB, MiB or GiB ("32KiB").
Checked<std::uint64_t> parse_size(std::string_view text);
// A whole number with ms, s, m, h or d ("500ms", "10s").
Checked<Duration> parse_time(std::string_view text);

// The same, from `least` to `most`.
Checked<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);
Checked<std::uint64_t> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most);
Checked<Duration> parse_time(std::string_view text, Duration least, Duration most);

// In the largest unit that needs no fraction.
std::string size_text(std::uint64_t bytes);
std::string time_text(Duration time);

std::optional<std::uint16_t> port_number(std::string_view text);
Checked<std::uint16_t> parse_port(std::string_view text);  // not 0
Checked<unsigned> parse_workers(std::string_view text);    // 1 to kMostWorkers
Checked<std::size_t> parse_memory(std::string_view text);  // "128MiB"; at least kLeastMemory bytes
Checked<std::uint32_t> parse_rate(std::string_view text);  // 1 to kMostRate; "off" is 0

Checked<Duration> parse_seconds(std::string_view text);  // 0 to kMostSeconds

std::vector<Address> loopback(std::uint16_t port);  // IPv4, IPv6
// "[ADDR:]PORT". "PORT" and "localhost:PORT" stand for loopback, ":PORT" and "*:PORT" for all
// addresses: those give one of IPv4 and one of IPv6, anything else one.
Checked<std::vector<Address>> parse_listener(std::string_view text);
// "IP:PORT" of one address that clients can connect to.
Checked<Address> parse_reachable(std::string_view text);

Checked<quic::Congestion> parse_congestion(std::string_view text);  // "cubic", "bbr", "reno"
Checked<tls::ClientAuth> parse_client_auth(std::string_view text);  // "required", "optional"

Checked<LogFormat> parse_log_format(std::string_view text);  // as log_format() knows it
Checked<LogLevel> parse_log_level(std::string_view text);    // as log_level() knows it

// The other way: as a word of a shell's command, in single quotes where that is needed.
std::string shell_word(std::string_view text);

}  // namespace troika
