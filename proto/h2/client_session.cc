#include "proto/h2/client_session.h"

#include <array>
#include <new>
#include <utility>

#include "proto/h2/client_callbacks.h"

namespace troika::h2 {
namespace {

Engine make_engine(ClientSessionImpl* session) {
  nghttp2_session* raw = nullptr;
  const Callbacks callbacks = make_client_callbacks();
  const Options options = make_options();
  if (nghttp2_session_client_new3(&raw, callbacks.get(), session, options.get(), nullptr) != 0) {
    throw std::bad_alloc();
  }
  return Engine(raw);
}

}  // namespace

ClientSessionImpl::ClientSessionImpl(BufferPool& pool, const Limits& limits, SessionHost& host)
    : context_{.pool = pool, .limits = limits, .host = host}, engine_(make_engine(this)) {
  context_.engine = engine_.get();
  submit_settings();
}

void ClientSessionImpl::submit_settings() {
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kClientStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(context_.limits.header_list_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(engine_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(engine_.get(), NGHTTP2_FLAG_NONE, 0,
                                        kClientConnectionWindow);
}

Result<std::unique_ptr<ClientStream>> ClientSessionImpl::start(const Request& request,
                                                               std::unique_ptr<BodySource> body,
                                                               ResponseReceiver& receiver) {
  if (terminated_ || finished_) return fail(ErrorCode::closed, "the connection has ended");
  if (draining_) return fail(ErrorCode::unavailable, "the connection takes no new requests");
  if (full()) {
    return fail(ErrorCode::unavailable, "as many requests are in flight as the server allows");
  }
  auto stream = std::make_unique<ClientStreamImpl>(context_, receiver,
                                                   request.method == Method::head, std::move(body));
  if (auto submitted = stream->submit(request); !submitted) {
    return std::unexpected(submitted.error());
  }
  return stream;
}

bool ClientSessionImpl::full() const noexcept {
  return context_.open.size() >= nghttp2_session_get_remote_settings(
                                     engine_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

Status ClientSessionImpl::receive(std::span<const std::byte> bytes, TimePoint) {
  if (terminated_ || finished_) return {};
  const nghttp2_ssize taken =
      nghttp2_session_mem_recv2(engine_.get(), octets(bytes.data()), bytes.size());
  context_.host.mark_dirty();
  if (taken >= 0) return {};
  terminated_ = true;
  lose_all(AbortReason::protocol_error);
  nghttp2_session_terminate_session(engine_.get(), NGHTTP2_PROTOCOL_ERROR);
  return fail(ErrorCode::protocol, nghttp2_strerror(static_cast<int>(taken)));
}

void ClientSessionImpl::receive_end(TimePoint) { abort(AbortReason::peer_gone); }

Status ClientSessionImpl::produce(OutputQueue& out, std::size_t high, TimePoint now) {
  if (finished_) return {};
  Status status;
  do {
    apply_records();
    // Not before: after GOAWAY the engine sends no request that it still holds.
    if (context_.open.empty() && std::exchange(leaving_, false)) {
      nghttp2_submit_goaway(engine_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    }
    if (outbound_.flush(engine_.get(), out, high, Outbound::What::everything, now) != 0) {
      status = fail(ErrorCode::internal, "the HTTP/2 engine failed to send");
    }
  } while (status && !context_.noted.empty() && out.size() < high);
  if (!status || engine_done()) {
    lose_all(terminated_ ? AbortReason::protocol_error : AbortReason::peer_gone);
    finished_ = true;
  }
  finished_ = finished_ || terminated_;
  return status;
}

void ClientSessionImpl::apply_records() {
  if (const std::size_t bytes = std::exchange(context_.credit, 0); bytes > 0) {
    nghttp2_session_consume_connection(engine_.get(), bytes);
  }
  for (const std::int32_t id : std::exchange(context_.noted, {})) {
    if (ClientStreamImpl* stream = find(id)) stream->apply();
  }
}

bool ClientSessionImpl::engine_done() const noexcept {
  return nghttp2_session_want_read(engine_.get()) == 0 &&
         nghttp2_session_want_write(engine_.get()) == 0;
}

void ClientSessionImpl::on_written(std::size_t bytes, TimePoint now) noexcept {
  outbound_.written(bytes, now, [](std::int32_t, std::size_t) {});
}

Interest ClientSessionImpl::interest() const noexcept {
  Interest interest;
  interest.finished = finished_;
  interest.wants_read = !finished_ && !terminated_;
  interest.has_output = !finished_ && (!context_.noted.empty() || context_.credit > 0 ||
                                       (leaving_ && context_.open.empty()) ||
                                       nghttp2_session_want_write(engine_.get()) != 0);
  return interest;
}

void ClientSessionImpl::drain() {
  draining_ = leaving_ = true;
  context_.host.mark_dirty();
}

void ClientSessionImpl::abort(AbortReason reason) noexcept {
  terminated_ = finished_ = true;
  lose_all(reason);
}

ClientStreamImpl* ClientSessionImpl::find(std::int32_t id) noexcept {
  const auto found = context_.open.find(id);
  return found == context_.open.end() ? nullptr : found->second;
}

void ClientSessionImpl::lose_all(AbortReason reason) {
  for (const auto& [id, stream] : std::exchange(context_.open, {})) {
    if (stream != nullptr) stream->on_connection_lost(reason);
  }
}

std::unique_ptr<ClientByteSession> make_client_session(BufferPool& pool, const Limits& limits,
                                                       SessionHost& host) {
  return std::make_unique<ClientSessionImpl>(pool, limits, host);
}

}  // namespace troika::h2
