#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange/observer.h"
#include "log/format.h"

namespace troika {

// What a line is made of. Views are valid during the call that takes it.
struct LineSource {
  const ExchangeSummary& of;
  std::string_view second;  // of `of.started`, as time_text() writes it for the format
  Redaction redact{};
};

// "2026-12-01T05:01:13", or for combined "01/Dec/2026:05:01:13"; UTC.
std::string time_text(LogFormat format, WallTime second);

// What all formats have, so that they leave out the same.
std::string_view target_of(const LineSource& line) noexcept;
std::string_view referer_of(const LineSource& line) noexcept;
std::string_view client_name_of(const LineSource& line) noexcept;
void append_client(std::string& to, const LineSource& line);  // its address
void append_time(std::string& to, const LineSource& line);    // with milliseconds and "Z"
// 499, as nginx has it, for a request without a response: readers of its format know no 0.
std::uint16_t known_status(const ExchangeSummary& summary) noexcept;

}  // namespace troika
