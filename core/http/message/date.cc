#include "http/message/date.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace troika {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};

struct Fields {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// Reads a date from left to right; after the first mismatch every read fails.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool good() const noexcept { return good_; }
  bool done() const noexcept { return good_ && rest_.empty(); }

  void literal(std::string_view text) noexcept {
    good_ = good_ && rest_.starts_with(text);
    if (good_) rest_.remove_prefix(text.size());
  }
  unsigned number(std::size_t digits) noexcept {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      good_ = good_ && !rest_.empty() && ascii::is_digit(rest_.front());
      if (!good_) return 0;
      value = value * 10 + static_cast<unsigned>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  unsigned padded_day() noexcept {  // asctime: "17" or " 7"
    if (!rest_.starts_with(' ')) return number(2);
    literal(" ");
    return number(1);
  }
  unsigned one_of(std::span<const std::string_view> names) noexcept {
    for (unsigned i = 0; good_ && i < names.size(); ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return i;
    }
    good_ = false;
    return 0;
  }
  void time(Fields& out) noexcept {
    out.hour = number(2);
    literal(":");
    out.minute = number(2);
    literal(":");
    out.second = number(2);
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

// Two-digit years are resolved once the form is known.
std::optional<Fields> read_imf_fixdate(std::string_view text) {
  Reader in(text);
  Fields out;
  in.one_of(kDays);
  in.literal(", ");
  out.day = in.number(2);
  in.literal(" ");
  out.month = in.one_of(kMonths) + 1;
  in.literal(" ");
  out.year = static_cast<int>(in.number(4));
  in.literal(" ");
  in.time(out);
  in.literal(" GMT");
  return in.done() ? std::optional(out) : std::nullopt;
}

// RFC 9110 §5.6.7: a two-digit year that seems more than 50 years ahead is in the past.
int full_year(int two_digits, std::time_t now) {
  const chrono::year_month_day today(
      chrono::floor<chrono::days>(chrono::sys_seconds(chrono::seconds(now))));
  const int this_year = static_cast<int>(today.year());
  const int year = this_year - this_year % 100 + two_digits;
  return year > this_year + 50 ? year - 100 : year;
}

std::optional<Fields> read_rfc850(std::string_view text, std::time_t now) {
  Reader in(text);
  Fields out;
  in.one_of(kLongDays);
  in.literal(", ");
  out.day = in.number(2);
  in.literal("-");
  out.month = in.one_of(kMonths) + 1;
  in.literal("-");
  out.year = full_year(static_cast<int>(in.number(2)), now);
  in.literal(" ");
  in.time(out);
  in.literal(" GMT");
  return in.done() ? std::optional(out) : std::nullopt;
}

std::optional<Fields> read_asctime(std::string_view text) {
  Reader in(text);
  Fields out;
  in.one_of(kDays);
  in.literal(" ");
  out.month = in.one_of(kMonths) + 1;
  in.literal(" ");
  out.day = in.padded_day();
  in.literal(" ");
  in.time(out);
  in.literal(" ");
  out.year = static_cast<int>(in.number(4));
  return in.done() ? std::optional(out) : std::nullopt;
}

}  // namespace

std::string format_http_date(std::time_t seconds) {
  // The format has a four-digit year.
  const chrono::sys_seconds moment{
      chrono::seconds(std::clamp<std::time_t>(seconds, 0, 253'402'300'799))};
  const auto day = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(moment - day);
  return formatted("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                   kDays[chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                   kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now) {
  auto fields = read_imf_fixdate(text);
  if (!fields) fields = read_rfc850(text, now);
  if (!fields) fields = read_asctime(text);
  if (!fields) return std::nullopt;
  const chrono::year_month_day date{chrono::year(fields->year), chrono::month(fields->month),
                                    chrono::day(fields->day)};
  // Second 60 is a leap second.
  if (!date.ok() || fields->hour > 23 || fields->minute > 59 || fields->second > 60) {
    return std::nullopt;
  }
  const chrono::sys_seconds moment = chrono::sys_days(date) + chrono::hours(fields->hour) +
                                     chrono::minutes(fields->minute) +
                                     chrono::seconds(fields->second);
  return moment.time_since_epoch().count();
}

std::string_view DateCache::at(WallTime now) {
  const std::time_t second = chrono::floor<chrono::seconds>(now.time_since_epoch()).count();
  if (second != second_ || text_.empty()) {
    second_ = second;
    text_ = format_http_date(second);
  }
  return text_;
}

}  // namespace troika
