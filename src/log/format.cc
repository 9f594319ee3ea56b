#include "log/format.h"

#include <array>
#include <utility>

namespace troika {

std::optional<LogFormat> log_format(std::string_view name) noexcept {
  using enum LogFormat;
  for (const auto& [known, format] : {std::pair("text", text),
                                      {"combined", combined},
                                      {"json", json},
                                      {"logfmt", logfmt},
                                      {"caddy", caddy}}) {
    if (name == known) return format;
  }
  return std::nullopt;
}

bool redact(Redaction& redaction, std::string_view name) noexcept {
  for (const auto& [known, part] : {std::pair("query", &Redaction::query),
                                    {"client", &Redaction::client},
                                    {"user_agent", &Redaction::user_agent},
                                    {"referer", &Redaction::referer}}) {
    if (name != known) continue;
    redaction.*part = true;
    return true;
  }
  return false;
}

RequestMarks::Wanted wanted_by(LogFormat format, const Redaction& redaction) noexcept {
  using enum LogFormat;
  const bool ids = format == json || format == logfmt;
  return {.user_agent = format != text && !redaction.user_agent,
          .referer = format != text && !redaction.referer,
          .ids = ids ? RequestMarks::Ids::on : RequestMarks::Ids::off};
}

}  // namespace troika
