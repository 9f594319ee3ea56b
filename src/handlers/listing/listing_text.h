#pragma once
#include <ctime>
#include <string>
#include <string_view>

#include "handlers/listing/listing.h"

namespace troika {

// What both forms of a listing have in common.

// Names of files are bytes; what is not UTF-8 in them is shown as U+FFFD, one for each maximal
// part of a character (Unicode 15 §3.9, "U+FFFD Substitution of Maximal Subparts").
struct Character {
  char32_t point;
  std::size_t bytes;  // of the text that it stands for
};
Character first_character(std::string_view text) noexcept;  // of a text that is not empty
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The reference to an entry, relative to its folder; "" when no target can name it (http/target.h).
std::string reference_to(const ListingEntry& entry);

// As the query has it.
std::string_view name_of(ListingQuery::Key key) noexcept;

// RFC 3339: "2020-01-01T00:00:00Z".
std::string format_utc(std::time_t seconds);

}  // namespace troika
