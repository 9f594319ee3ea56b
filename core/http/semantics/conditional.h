#pragma once
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

#include "http/message/fields.h"
#include "http/message/message.h"

namespace troika {

// What identifies the selected representation (RFC 9110 §8.8).
struct Validators {
  std::string_view etag;                       // as sent: "x" with its quotes, or W/"x"
  std::optional<std::time_t> last_modified{};  // as sent; none: unknown
};

// RFC 9110 §8.8.3.2. Both as in a field, with quotes.
bool matches_strongly(std::string_view a, std::string_view b) noexcept;
bool matches_weakly(std::string_view a, std::string_view b) noexcept;

enum class Precondition : std::uint8_t { holds, not_modified, failed };  // perform, 304, 412

// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110
// §13.2.2, for a representation that exists. An invalid field is ignored, except If-Match, which
// then matches nothing. `now` resolves two-digit years.
Precondition evaluate_preconditions(Method method, const HeaderMap& headers,
                                    const Validators& current, std::time_t now);

// False: ignore the Range field (RFC 9110 §13.1.5). True without an If-Range field. A date holds
// only when it equals the representation's and the entity tag is strong.
bool if_range_holds(const HeaderMap& headers, const Validators& current, std::time_t now);

}  // namespace troika
