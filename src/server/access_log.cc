#include "server/access_log.h"

#include <chrono>

#include "base/text.h"
#include "os/writer_thread.h"

namespace troika {
namespace {

constexpr std::size_t kLongestField = 2048;  // bytes of a field before escaping

// Printable ASCII without the two characters that would make it ambiguous; other bytes as \xNN.
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongestField)) {
    if (c > ' ' && c < 0x7f && c != '\\' && c != '"') {
      out.push_back(c);
    } else {
      append_formatted(out, "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > kLongestField) out += "...";
  return out.empty() ? "-" : out;
}

// The connection: two fields, then a word for each property that applies.
void append_security(std::string& line, const ExchangeSummary& summary) {
  const SecurityInfo& security = summary.peer.security;
  append_formatted(line, " {} {}", escape(security.version), escape(security.group));
  if (security.quic_version != 0) append_formatted(line, " quic=v{}", security.quic_version);
  if (security.resumed) line += " resumed";
  if (summary.request.early_data) line += " 0-rtt";
  if (!security.address_proven) line += " unvalidated";
  if (!security.client_name.empty()) {
    append_formatted(line, " client={}", escape(security.client_name));
  }
}

}  // namespace

std::string format_access_line(const ExchangeSummary& summary) {
  using namespace std::chrono;
  std::string line = formatted(
      "{:%FT%TZ} {} {} {} {} {} {} {:.3f}ms", floor<milliseconds>(summary.started),
      summary.peer.remote.ip(), escape(summary.request.method_text),
      escape(summary.request.target.raw), summary.status, summary.body_bytes,
      name_of(summary.request.version), duration<double, std::milli>(summary.duration).count());
  append_security(line, summary);
  if (summary.aborted != AbortReason::none) {
    append_formatted(line, " ({})", name_of(summary.aborted));
  }
  return line;
}

void AccessLog::on_complete(const ExchangeSummary& summary) noexcept {
  if (writer_ != nullptr) writer_->line(format_access_line(summary));
}

}  // namespace troika
