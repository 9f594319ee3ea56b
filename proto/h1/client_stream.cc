#include "proto/h1/client_stream.h"

#include <algorithm>
#include <utility>

namespace troika::h1 {
namespace {

constexpr Duration kContinueWait = std::chrono::seconds(1);
constexpr std::size_t kMinPull = 4096;

// RFC 9110 §8.6: these have a Content-Length even when it is 0.
bool expects_content(Method method) noexcept {
  return method == Method::post || method == Method::put || method == Method::patch;
}

}  // namespace

ClientRequest::ClientRequest(const Request& request, std::unique_ptr<BodySource> body,
                             SessionHost& host)
    : host_(host), body_(std::move(body)) {
  if (body_ != nullptr) {
    body_->set_waker(this);
    left_ = body_->remaining();
    waits_ = request.expects_continue;
    head_ = request_head(request, left_ ? Delimiter::length : Delimiter::chunked, left_);
    return;
  }
  const auto length =
      expects_content(request.method) ? std::optional<std::uint64_t>(0) : std::nullopt;
  head_ = request_head(request, Delimiter::none, length);
}

ClientRequest::~ClientRequest() { stop(AbortReason::none); }

Status ClientRequest::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  starved_ = false;
  if (!head_.empty()) {
    if (out.size() >= high_watermark) {
      starved_ = true;
      return {};
    }
    out.append_copy(std::exchange(head_, {}));
    if (waits_) continue_at_ = now + kContinueWait;
  }
  if (sent_) return {};
  if (body_ == nullptr) {
    sent_ = true;
    return {};
  }
  if (waits_ && continue_at_ <= now) on_continue();
  return waits_ ? Status{} : write_body(out, high_watermark);
}

Status ClientRequest::write_body(OutputQueue& out, std::size_t high_watermark) {
  while (!sent_ && !blocked_) {
    if (out.size() >= high_watermark) {
      starved_ = true;
      break;
    }
    auto pulled = body_->pull(std::clamp(high_watermark - out.size(), kMinPull, kMaxPull));
    if (!pulled) return std::unexpected(pulled.error());
    if (pulled->state == PullState::blocked) {
      blocked_ = true;
    } else if (pulled->state == PullState::end) {
      if (left_.value_or(0) != 0) return fail(ErrorCode::short_body, "less body than declared");
      end(out);
    } else if (left_) {
      if (pulled->bytes.size() > *left_) {
        return fail(ErrorCode::short_body, "more body than declared");
      }
      *left_ -= pulled->bytes.size();
      out.append(std::move(pulled->bytes));
    } else {
      out.append_copy(chunk_head(pulled->bytes.size()));
      out.append(std::move(pulled->bytes));
      out.append_copy(kChunkEnd);
    }
  }
  return {};
}

void ClientRequest::end(OutputQueue& out) {
  if (!left_) {
    const HeaderMap* trailers = body_->trailers();
    out.append_copy(last_chunk(trailers != nullptr ? *trailers : HeaderMap{}));
  }
  sent_ = true;
  body_->set_waker(nullptr);
  body_.reset();
}

void ClientRequest::on_continue() noexcept {
  waits_ = false;
  continue_at_ = kNever;
  host_.mark_dirty();
}

void ClientRequest::stop(AbortReason reason) noexcept {
  continue_at_ = kNever;
  if (body_ == nullptr) return;
  body_->set_waker(nullptr);
  body_->stop(reason);
  body_.reset();
}

void ClientRequest::wake() noexcept {
  blocked_ = false;
  host_.mark_dirty();
}

}  // namespace troika::h1
