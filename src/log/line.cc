#include "log/line.h"

#include <chrono>

#include "base/text.h"
#include "log/escape.h"
#include "ports/network.h"

namespace troika {

namespace chrono = std::chrono;

std::string time_text(LogFormat format, WallTime second) {
  const auto whole = chrono::floor<chrono::seconds>(second);
  return format == LogFormat::combined ? formatted("{:%d/%b/%Y:%T}", whole)
                                       : formatted("{:%FT%T}", whole);
}

std::string_view target_of(const LineSource& line) noexcept {
  const std::string_view target = line.of.request.target.raw;
  return line.redact.query ? without_query(target) : target;
}

std::string_view referer_of(const LineSource& line) noexcept {
  const std::string_view referer = line.of.fields.referer;
  return line.redact.query ? without_query(referer) : referer;
}

std::string_view client_name_of(const LineSource& line) noexcept {
  return line.redact.client ? "" : std::string_view(line.of.peer.security.client_name);
}

void append_client(std::string& to, const LineSource& line) {
  const Address& remote = line.of.peer.remote;
  append_ip(to, line.redact.client ? network_of(remote, kAnonymous) : remote);
}

void append_time(std::string& to, const LineSource& line) {
  const auto ms = chrono::floor<chrono::milliseconds>(line.of.started.time_since_epoch());
  to.append(line.second).push_back('.');
  append_number(to, static_cast<std::uint64_t>((ms % chrono::seconds(1)).count()), 3);
  to.push_back('Z');
}

std::uint16_t known_status(const ExchangeSummary& summary) noexcept {
  constexpr std::uint16_t kClientClosed = 499;
  return summary.status != 0 ? summary.status : kClientClosed;
}

}  // namespace troika
