#include "http/exchange/message_end.h"

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
  if (!bytes.empty()) progress();
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
}

// The time that the reader took is not the peer's.
void MessageEnd::on_consumed(std::size_t bytes) noexcept {
  progress();
  recount();
  port_.credit(bytes);
}

void MessageEnd::on_source_ready() noexcept {
  progress();
  recount();
  port_.body_ready();
}

}  // namespace troika
