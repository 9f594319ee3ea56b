#include "log/format.h"

#include <array>
#include <utility>

namespace troika {

namespace {

// In the order of LogFormat.
constexpr std::array<std::string_view, 5> kFormats{"text", "combined", "json", "logfmt", "caddy"};

}  // namespace

std::optional<LogFormat> log_format(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i] == name) return static_cast<LogFormat>(i);
  }
  return std::nullopt;
}

std::string_view name_of(LogFormat format) noexcept {
  return kFormats[static_cast<std::size_t>(format)];
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
