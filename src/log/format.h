#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange/request_marks.h"

namespace troika {

// How a line of the access log is written; examples are in docs/operating.md.
enum class LogFormat : std::uint8_t { text, combined, json, logfmt, caddy };

std::optional<LogFormat> log_format(std::string_view name) noexcept;
std::string_view name_of(LogFormat format) noexcept;

// What the access log leaves out. Authorization and Cookie are in no log at all.
struct Redaction {
  bool query = false;   // of the target, and of Referer
  bool client = false;  // the address but for its network, and the name of a certificate
  bool user_agent = false;
  bool referer = false;

  friend bool operator==(const Redaction&, const Redaction&) = default;
};

// Marks what `name` stands for: query, client, user_agent or referer. False: there is no such name.
bool redact(Redaction& redaction, std::string_view name) noexcept;

// What the lines need of requests.
RequestMarks::Wanted wanted_by(LogFormat format, const Redaction& redaction) noexcept;

}  // namespace troika
