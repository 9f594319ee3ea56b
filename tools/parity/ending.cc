#include "tools/parity/ending.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace troika::parity {
namespace {

bool expects(const Ask& ask) {
  return std::ranges::any_of(ask.fields, [](const auto& field) {
    return ascii::equal_ignoring_case(field.first, "expect");
  });
}

// Refused by who reads the request: nobody knows where the next one would begin (RFC 9112 §11.2).
bool refused_unread(const Answer& answer) {
  constexpr std::array<std::uint16_t, 5> kRefusals{400, 414, 417, 431, 501};
  return std::ranges::contains(kRefusals, answer.status);
}

// RFC 9112 §9.3: an answer that comes before the end of a long upload ends the connection, as the
// rest of it would have to be read first.
bool upload_given_up(const Ask& ask, const Answer& answer) {
  constexpr std::size_t kDiscarded = 64U << 10U;
  return answer.status >= 400 && ask.body && (ask.body->size() > kDiscarded || expects(ask));
}

}  // namespace

bool may_end(client::Protocol protocol, const Asker::Ending& ending) {
  if (protocol != client::Protocol::h1 || ending.again > 0) return false;
  if (!ending.answer.failure.empty()) return false;
  return refused_unread(ending.answer) || upload_given_up(ending.after, ending.answer);
}

std::string describe(const Asker::Ending& ending, std::string_view protocol,
                     std::string_view profile, std::string_view authority) {
  return formatted(
      "{} ({}): the connection ended: {}; {} asked again; the last answer on it: {}\n  {}",
      protocol, profile, ending.why, ending.again, ending.answer.status,
      curl_line(ending.after, protocol, authority));
}

}  // namespace troika::parity
