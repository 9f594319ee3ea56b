#include "log/access_log.h"

#include <algorithm>
#include <chrono>

#include "log/line.h"
#include "log/plain_lines.h"
#include "log/structured_lines.h"
#include "os/writer_thread.h"

namespace troika {

bool AccessLogs::on() const noexcept {
  const auto is_open = [](const WriterThread* writer) { return writer != nullptr; };
  return is_open(common) || std::ranges::any_of(of_sites, is_open);
}

std::string_view AccessLines::second_of(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  if (second != second_) {
    second_ = second;
    text_ = time_text(format_, time);
  }
  return text_;
}

void AccessLines::append(std::string& to, const ExchangeSummary& summary) {
  const LineSource line{summary, second_of(summary.started), redact_};
  switch (format_) {
    case LogFormat::text: return append_text_line(to, line);
    case LogFormat::combined: return append_combined_line(to, line);
    case LogFormat::json: return append_json_line(to, line);
    case LogFormat::logfmt: return append_logfmt_line(to, line);
    case LogFormat::caddy: return append_caddy_line(to, line);
  }
}

AccessLog::AccessLog(const AccessLogs& logs, TimerQueue& timers, const Clock& clock)
    : clock_(clock),
      lines_(logs.format, logs.redact),
      outs_{Out{logs.common}},
      timer_(timers, [this] { hand_over_all(); }) {
  for (WriterThread* const writer : logs.of_sites) {
    auto found = std::ranges::find(outs_, writer, &Out::writer);
    if (found == outs_.end()) found = outs_.insert(found, Out{writer});
    of_sites_.push_back(static_cast<std::size_t>(found - outs_.begin()));
  }
}

void AccessLog::on_complete(const ExchangeSummary& summary) noexcept {
  Out& out = out_for(summary.routed.site);
  if (out.writer == nullptr) return;
  if (timer_.deadline() == kNever) timer_.set(clock_.now() + kPatience);
  lines_.append(out.buffer, summary);
  out.buffer.push_back('\n');
  if (out.buffer.size() >= kBuffer) hand_over(out);
}

void AccessLog::hand_over(Out& out) {
  if (out.writer != nullptr) out.writer->lines(out.buffer);
  out.buffer.clear();
}

void AccessLog::hand_over_all() {
  timer_.cancel();
  for (Out& out : outs_) hand_over(out);
}

}  // namespace troika
