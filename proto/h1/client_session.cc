#include "proto/h1/client_session.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace troika::h1 {
namespace {

// A space or a line end in any of these would make it a different request.
bool can_be_written(const Request& request) noexcept {
  const auto visible = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  };
  const bool method = request.method_text.empty() || ascii::is_token(request.method_text);
  return method && request.method != Method::connect && !request.target.raw.empty() &&
         visible(request.target.raw) && visible(request.authority);
}

}  // namespace

ClientSession::ClientSession(BufferPool& pool, const Limits& limits, SessionHost& host)
    : pool_(pool), limits_(limits), host_(host), reader_(limits, *this) {}

ClientSession::~ClientSession() { abort(AbortReason::peer_gone); }

Result<std::unique_ptr<troika::ClientStream>> ClientSession::start(const Request& request,
                                                                   std::unique_ptr<BodySource> body,
                                                                   ResponseReceiver& receiver) {
  if (over_) return troika::fail(ErrorCode::closed, "the connection has ended");
  if (draining_ || peer_ended_) return troika::fail(ErrorCode::unavailable, "it is to be closed");
  if (full()) return troika::fail(ErrorCode::unavailable, "a request is in flight");
  if (!can_be_written(request)) {
    return troika::fail(ErrorCode::protocol, "HTTP/1.1 cannot carry this request");
  }
  request_ = std::make_unique<ClientRequest>(request, std::move(body), host_);
  reader_.begin(request.method);
  in_body_ = response_over_ = false;
  ClientStreamLink& link = *this;
  auto stream = std::make_unique<ClientStream>(pool_, limits_.stream_window, receiver, link);
  stream_ = stream.get();
  host_.mark_dirty();
  return stream;
}

Status ClientSession::receive(std::span<const std::byte> bytes, TimePoint) {
  if (over_) return {};
  if (buffered_.empty()) bytes = bytes.subspan(consume(bytes));
  if (!over_) buffered_.insert(buffered_.end(), bytes.begin(), bytes.end());
  if (broken_) return troika::fail(ErrorCode::protocol, "not a response to a request");
  return {};
}

std::size_t ClientSession::room() const noexcept {
  if (!in_body_) return limits_.stream_window;
  return limits_.stream_window - stream_->channel.buffered();
}

std::size_t ClientSession::consume(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !over_) {
    // RFC 9112 §9.2: a response without a request is not one.
    if (request_ == nullptr || response_over_ || !request_->begun()) {
      fail(AbortReason::protocol_error);
      break;
    }
    const auto rest = bytes.subspan(used);
    const std::size_t fits = std::min(rest.size(), room());
    if (fits == 0) return used;
    const ResponseReader::Progress progress = reader_.read(rest.first(fits));
    used += progress.consumed;
    act_on(progress.event);
  }
  return over_ ? bytes.size() : used;
}

void ClientSession::act_on(ResponseReader::Event event) {
  using enum ResponseReader::Event;
  switch (event) {
    case more: return;
    case informational: {
      const ResponseHead head = reader_.take_head();
      if (head.status == 100) request_->on_continue();
      stream_->receiver().on_informational(head);
      return reader_.begin_next();
    }
    case head: return begin_body();
    case response: begin_body(); return end_response({});
    case body_end: return end_response(reader_.take_trailers());
    case fault: return fail(reader_.failure());
  }
}

void ClientSession::begin_body() {
  in_body_ = true;
  draining_ = draining_ || !reader_.keeps_alive();
  stream_->channel.begin(reader_.body_length());
  stream_->receiver().on_response(reader_.take_head());
}

bool ClientSession::on_body(std::span<const std::byte> bytes) {
  return stream_->channel.push(bytes).has_value();
}

void ClientSession::end_response(HeaderMap trailers) {
  response_over_ = true;
  in_body_ = false;
  std::ignore = stream_->channel.finish(std::move(trailers));
  finish_exchange();
}

// RFC 9112 §9.5: after the whole response, the rest of the request is not sent, and the connection
// cannot be used again.
void ClientSession::finish_exchange() {
  if (request_ == nullptr || !response_over_) return;
  if (!request_->sent()) {
    draining_ = true;
    request_->stop(AbortReason::body_stopped);
  }
  request_.reset();
  std::exchange(stream_, nullptr)->unlink();
  if (draining_) over_ = true;
  host_.mark_dirty();
}

void ClientSession::fail(AbortReason reason) noexcept {
  over_ = true;
  broken_ = broken_ || reason != AbortReason::none;
  buffered_ = {};
  if (request_ != nullptr) request_->stop(reason);
  request_.reset();
  if (ClientStream* stream = std::exchange(stream_, nullptr)) {
    stream->unlink();
    stream->channel.fail({ErrorCode::closed, name_of(reason)});
    stream->receiver().on_failed(reason, 0);
  }
  host_.mark_dirty();
}

void ClientSession::on_user_gone() noexcept {
  stream_ = nullptr;
  request_.reset();
  over_ = broken_ = true;
  buffered_ = {};
  host_.mark_dirty();
}

void ClientSession::receive_end(TimePoint) {
  peer_ended_ = true;
  host_.mark_dirty();
}

Status ClientSession::produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) {
  if (!buffered_.empty()) {
    const std::size_t used = consume(buffered_);
    buffered_.erase(buffered_.begin(), buffered_.begin() + static_cast<std::ptrdiff_t>(
                                                               std::min(used, buffered_.size())));
  }
  if (request_ != nullptr && !over_) {
    if (!request_->produce(out, high_watermark, now)) fail(AbortReason::handler_failed);
  }
  if (peer_ended_ && buffered_.empty() && !over_) {
    if (in_body_ && reader_.until_close()) {
      end_response({});
    } else if (request_ != nullptr) {
      fail(AbortReason::peer_gone);
    }
    over_ = true;
  }
  return {};
}

Interest ClientSession::interest() const noexcept {
  return {.wants_read = !over_ && !peer_ended_ && buffered_.empty() && room() > 0,
          .has_output = !over_ && request_ != nullptr && request_->starved(),
          .finished = over_,
          .broken = broken_};
}

TimePoint ClientSession::deadline() const noexcept {
  return request_ != nullptr ? request_->deadline() : kNever;
}

void ClientSession::on_deadline(TimePoint now) {
  if (deadline() <= now) request_->on_continue();
}

void ClientSession::drain() {
  draining_ = true;
  if (request_ == nullptr) over_ = true;
  host_.mark_dirty();
}

void ClientSession::abort(AbortReason reason) noexcept {
  if (!over_) fail(reason);
}

std::unique_ptr<ClientByteSession> make_client_session(BufferPool& pool, const Limits& limits,
                                                       SessionHost& host) {
  return std::make_unique<ClientSession>(pool, limits, host);
}

}  // namespace troika::h1
