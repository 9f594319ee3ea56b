#include "http/exchange/message_end.h"

#include <algorithm>
#include <utility>

namespace troika {

bool MessageEnd::on_field(std::string_view name, std::string_view value) {
  if (incoming_.state() == Receiving::head) return on_head_field(name, value);
  if (!trailers_) trailers_.emplace(limits_);
  trailers_->field(name, value);
  return !trailers_->overrun();
}

Status MessageEnd::on_body(std::span<const std::byte> bytes) {
  if (aborted()) return {};
  if (!bytes.empty()) {
    progress();
    if (!peer_owes_content()) receive_pace_.resume(last_progress_);
    receive_pace_.moved(bytes.size(), last_progress_);
  }
  auto taken = incoming_.push(bytes);
  recount();
  return taken;
}

Status MessageEnd::on_end() {
  if (!trailers_) return on_trailers({});
  if (trailers_->over_limit()) return fail(ErrorCode::limit, "too many trailers");
  return on_trailers(trailers_->take());
}

Status MessageEnd::on_trailers(HeaderMap trailers) {
  if (aborted()) return {};
  port_.mark_dirty();
  return incoming_.finish(std::move(trailers));
}

void MessageEnd::on_sent(std::size_t bytes) noexcept {
  outgoing_.on_sent(bytes);
  progress();
  send_pace_.moved(bytes, last_progress_);
}

void MessageEnd::on_progress(TimePoint progress) noexcept {
  if (!outgoing_.peer_owes_room()) return;
  last_progress_ = std::max(last_progress_, progress);
  send_pace_.excuse(progress);
}

void MessageEnd::on_others_sent(std::uint64_t bytes, TimePoint progress) noexcept {
  if (bytes == 0 || !outgoing_.peer_owes_room()) return;
  last_progress_ = std::max(last_progress_, progress);
  send_pace_.moved(bytes, progress);
}

// The time that the reader took is not the peer's.
void MessageEnd::on_consumed(std::size_t bytes) noexcept {
  progress();
  receive_pace_.resume(last_progress_);
  recount();
  port_.credit(bytes);
}

void MessageEnd::on_source_ready() noexcept {
  progress();
  if (!outgoing_.waits_for_room()) send_pace_.resume(last_progress_);
  recount();
  port_.body_ready();
}

}  // namespace troika
