#include "runtime/access_log.h"

#include <array>
#include <charconv>
#include <chrono>

#include "base/text.h"
#include "os/writer_thread.h"

namespace troika {
namespace {

namespace chrono = std::chrono;

constexpr std::size_t kLongestField = 2048;  // bytes of a field before escaping

constexpr bool is_plain(char c) noexcept { return ascii::is_graph(c) && c != '\\' && c != '"'; }

// Printable ASCII without the two characters that would make it ambiguous; other bytes as \xNN.
void append_escaped(std::string& to, std::string_view text) {
  if (text.empty()) to.push_back('-');
  for (std::string_view rest = text.substr(0, kLongestField); !rest.empty();) {
    const auto end = std::ranges::find_if_not(rest, is_plain);
    const auto plain = static_cast<std::size_t>(end - rest.begin());
    to.append(rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    append_formatted(to, "\\x{:02x}", static_cast<unsigned char>(rest.front()));
    rest.remove_prefix(1);
  }
  if (text.size() > kLongestField) to += "...";
}

void append_number(std::string& to, std::uint64_t number, std::size_t least_digits = 1) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  const auto count = static_cast<std::size_t>(end - digits.begin());
  if (count < least_digits) to.append(least_digits - count, '0');
  to.append(digits.begin(), end);
}

// In milliseconds, with three decimals.
void append_duration(std::string& to, Duration duration) {
  const auto us = static_cast<std::uint64_t>(chrono::round<chrono::microseconds>(duration).count());
  append_number(to, us / 1000);
  to.push_back('.');
  append_number(to, us % 1000, 3);
  to.append("ms");
}

// The connection: two fields, then a word for each property that applies.
void append_security(std::string& line, const ExchangeSummary& summary) {
  const SecurityInfo& security = summary.peer.security;
  line.push_back(' ');
  append_escaped(line, security.version);
  line.push_back(' ');
  append_escaped(line, security.group);
  if (security.quic_version != 0) append_formatted(line, " quic=v{}", security.quic_version);
  if (security.resumed) line += " resumed";
  if (summary.request.early_data) line += " 0-rtt";
  if (!security.address_proven) line += " unvalidated";
  if (!security.client_name.empty()) {
    line += " client=";
    append_escaped(line, security.client_name);
  }
}

}  // namespace

std::string_view AccessLines::second_of(WallTime time) {
  const auto second = chrono::floor<chrono::seconds>(time);
  if (const std::time_t now = chrono::system_clock::to_time_t(second); now != second_) {
    second_ = now;
    text_ = formatted("{:%FT%T}", second);
  }
  return text_;
}

void AccessLines::append(std::string& to, const ExchangeSummary& summary) {
  const auto ms = chrono::floor<chrono::milliseconds>(summary.started.time_since_epoch());
  to.append(second_of(summary.started)).push_back('.');
  append_number(to, static_cast<std::uint64_t>((ms % chrono::seconds(1)).count()), 3);
  to.append("Z ").append(summary.peer.remote.ip()).push_back(' ');
  append_escaped(to, summary.request.method_text);
  to.push_back(' ');
  append_escaped(to, summary.request.target.raw);
  to.push_back(' ');
  append_number(to, summary.status);
  to.push_back(' ');
  append_number(to, summary.body_bytes);
  to.append(" ").append(name_of(summary.request.version)).push_back(' ');
  append_duration(to, summary.duration);
  append_security(to, summary);
  if (summary.aborted != AbortReason::none) {
    to.append(" (").append(name_of(summary.aborted)).push_back(')');
  }
}

void AccessLog::on_complete(const ExchangeSummary& summary) noexcept {
  if (buffer_.empty()) timer_.set(clock_.now() + kPatience);
  lines_.append(buffer_, summary);
  buffer_.push_back('\n');
  if (buffer_.size() >= kBuffer) hand_over();
}

void AccessLog::hand_over() {
  timer_.cancel();
  writer_.lines(buffer_);
  buffer_.clear();
}

}  // namespace troika
