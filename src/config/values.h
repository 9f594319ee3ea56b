#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "log/format.h"
#include "log/server_log.h"
#include "ports/address.h"
#include "proto/quic/config.h"
#include "tls/context/server_context.h"

namespace troika {

// Texts that a person writes, and what they stand for. An error is what is wrong with the value and
// what to write instead; who reads it adds the option or the line of a file.

// One byte of a connection id names the worker, so that many differ by chance often enough.
inline constexpr unsigned kMostWorkers = 128;
inline constexpr std::size_t kLeastMemory = 16U << 20U;  // bytes
inline constexpr std::uint32_t kMostRate = 1'000'000;    // bytes a second

Checked<std::string> parse_text(std::string_view text);  // any

std::optional<std::uint16_t> port_number(std::string_view text);
Checked<std::uint16_t> parse_port(std::string_view text);  // not 0
Checked<unsigned> parse_workers(std::string_view text);    // 1 to kMostWorkers
Checked<std::size_t> parse_memory(std::string_view text);  // "128MiB"; at least kLeastMemory bytes
Checked<std::uint32_t> parse_rate(std::string_view text);  // 1 to kMostRate; "off" is 0

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
