#pragma once
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace troika {

// RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::time_t seconds);
// Accepts the three forms of the RFC (IMF-fixdate, RFC 850, asctime). `now` resolves the two-digit
// year of RFC 850. Nothing when malformed.
std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now);

// The Date field value, formatted once a second.
class DateCache {
 public:
  std::string_view at(WallTime now);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

}  // namespace troika
