#include "http/exchange/request_marks.h"

#include <array>

#include "base/text.h"
#include "http/message/trace_context.h"

namespace troika {
namespace {

constexpr std::size_t kFields = 4, kNames = 48;  // fields that are kept; bytes of their names

bool valid_id(const HeaderMap& fields) noexcept {
  const std::string_view id = fields.get("x-request-id").value_or("");
  return id.size() <= kRequestIdBytes && ascii::is_token(id) && fields.count("x-request-id") == 1;
}

std::array<char, 32> hex(std::uint64_t first, std::uint64_t second) noexcept {
  std::array<char, 32> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint64_t word = i < 16 ? first : second;
    digits[i] = "0123456789abcdef"[(word >> (60 - i % 16 * 4)) & 15U];
  }
  return digits;
}

}  // namespace

void RequestMarks::mark(HeaderMap& fields) {
  if (wanted_.ids == Ids::off) return;
  if (!valid_id(fields)) {
    const auto made = hex(random_.next(), random_.next());
    fields.set("x-request-id", {made.data(), made.size()});
  }
  clean_trace_context(fields);
}

KeptFields RequestMarks::of(const HeaderMap& fields) const noexcept {
  const auto value = [&](const FieldKey& name, bool wanted) {
    return wanted ? fields.get(name).value_or("").substr(0, kFieldKept) : "";
  };
  const bool ids = wanted_.ids == Ids::on;
  return {.user_agent = value("user-agent", wanted_.user_agent),
          .referer = value("referer", wanted_.referer),
          .request_id = value("x-request-id", ids),
          .traceparent = value("traceparent", ids)};
}

HeaderMap RequestMarks::keep(const HeaderMap& fields) const {
  const KeptFields of = this->of(fields);
  HeaderMap kept;
  kept.reserve(kFields, kNames + of.user_agent.size() + of.referer.size() + of.request_id.size() +
                            of.traceparent.size());
  const auto keep = [&](const FieldKey& name, std::string_view value) {
    if (!value.empty()) kept.set(name, value);
  };
  keep("user-agent", of.user_agent);
  keep("referer", of.referer);
  keep("x-request-id", of.request_id);
  keep("traceparent", of.traceparent);
  return kept;
}

std::string server_timing(HttpVersion version, Duration total) {
  const std::string_view protocol = version == HttpVersion::http3    ? "h3"
                                    : version == HttpVersion::http2  ? "h2"
                                    : version == HttpVersion::http11 ? "http/1.1"
                                                                     : "http/1.0";
  const auto us = std::chrono::round<std::chrono::microseconds>(total).count();
  return formatted("total;dur={}.{:03}, proto;desc=\"{}\"", us / 1000, us % 1000, protocol);
}

}  // namespace troika
