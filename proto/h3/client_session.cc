#include "proto/h3/client_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace troika::h3 {
namespace {

// The user's handle of a request.
class Handle final : public troika::ClientStream {
 public:
  Handle(ClientSession& session, h3::ClientStream& request) noexcept
      : session_(session), request_(request) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() override { session_.abandon(request_); }

  BodySource& body() override { return request_.response(); }
  bool finished() const noexcept override { return request_.finished(); }

 private:
  ClientSession& session_;
  h3::ClientStream& request_;
};

}  // namespace

std::unique_ptr<ClientApplication> make_client_session(BufferPool& pool, const Limits& limits,
                                                       quic::QuicStreams& quic) {
  return std::make_unique<ClientSession>(pool, limits, quic);
}

ClientSession::ClientSession(BufferPool& pool, const Limits& limits, quic::QuicStreams& quic)
    : quic_(quic),
      engine_(Engine::Side::client, quic, limits, *this),
      context_{.pool = pool, .limits = limits, .engine = engine_} {}

Result<std::unique_ptr<troika::ClientStream>> ClientSession::start(const Request& request,
                                                                   std::unique_ptr<BodySource> body,
                                                                   ResponseReceiver& receiver) {
  if (lost_ || !engine_.status()) return fail(ErrorCode::closed, "the connection has ended");
  if (!engine_.is_open()) return fail(ErrorCode::unavailable, "the handshake is not complete");
  if (draining_) return fail(ErrorCode::unavailable, "the server takes no more requests");
  const auto id = quic_.open_bidi();
  if (!id) return std::unexpected(id.error());
  auto& made = requests_[*id];
  made = std::make_unique<ClientStream>(context_, *id, request, std::move(body), receiver);
  made->submit(request);
  if (handshaking_) made->remember(request);
  return std::make_unique<Handle>(*this, *made);
}

void ClientSession::abandon(ClientStream& gone) noexcept {
  const quic::StreamId id = gone.id();
  gone.abandon();
  if (id == quic::kNoStream) {
    std::erase_if(given_up_, [&](const auto& each) { return each.get() == &gone; });
  } else if (gone.released()) {
    requests_.erase(id);
  } else {
    engine_.forget_waiting(id);
  }
}

ClientStream* ClientSession::request(quic::StreamId id) noexcept {
  const auto found = requests_.find(id);
  return found == requests_.end() ? nullptr : found->second.get();
}

Status ClientSession::on_data(quic::StreamId id, std::span<const std::byte> bytes, bool fin, bool,
                              TimePoint now) {
  return engine_.read(id, bytes, fin, now);
}

Status ClientSession::on_acked(quic::StreamId id, std::uint64_t bytes) {
  return engine_.acked(id, bytes);
}

Status ClientSession::on_reset(quic::StreamId id, quic::AppError code) {
  if (ClientStream* stream = request(id)) stream->on_peer_reset(code);
  return engine_.status();  // a control stream that is reset is closed next
}

Status ClientSession::on_stop_sending(quic::StreamId id, quic::AppError code) {
  if (!quic::is_bidi(id)) return engine_.fail_critical();
  if (ClientStream* stream = request(id)) stream->on_peer_stop(code);
  return engine_.status();
}

Status ClientSession::shut(quic::StreamId id) {
  if (!quic::is_bidi(id)) return engine_.fail_critical();
  engine_.peer_shut_write(id);
  // The code is not known here: the end of the response shows what the server meant.
  if (ClientStream* stream = request(id)) stream->on_peer_stop(NGHTTP3_H3_NO_ERROR);
  return engine_.status();
}

Status ClientSession::on_stream_closed(quic::StreamId id, std::optional<quic::AppError> code) {
  return engine_.closed(id, code);
}

void ClientSession::on_released(quic::StreamId id, std::optional<quic::AppError> code) {
  ClientStream* const stream = request(id);
  if (stream == nullptr) return;
  stream->on_released(code);
  if (!stream->abandoned()) return;
  engine_.forget_unread(*stream);
  requests_.erase(id);
}

Status ClientSession::apply(TimePoint) {
  while (!lost_ && !context_.dirty_streams.empty()) {
    for (const quic::StreamId id : std::exchange(context_.dirty_streams, {})) {
      if (ClientStream* stream = request(id)) stream->apply();
    }
  }
  return engine_.status();
}

// RFC 9114 §5.2: the server has not processed these, so they may be sent again elsewhere.
void ClientSession::on_goaway(quic::StreamId id) {
  draining_ = true;
  for (const auto& [at, stream] : requests_) {
    if (at >= id) stream->fail(AbortReason::refused, 0);
  }
}

void ClientSession::drain() {
  if (std::exchange(draining_, true)) return;
  engine_.submit_shutdown();
}

bool ClientSession::idle() const noexcept {
  return lost_ ||
         std::ranges::all_of(requests_, [](const auto& r) { return r.second->released(); });
}

void ClientSession::abort(std::optional<quic::AppError>) noexcept {
  if (std::exchange(lost_, true)) return;
  for (const auto& [id, stream] : requests_) stream->fail(AbortReason::peer_gone, 0);
}

namespace {

using Numbers = std::array<std::uint64_t, 3>;

}  // namespace

Status ClientSession::on_handshake_done(TimePoint) {
  handshaking_ = false;
  for (const auto& [id, stream] : requests_) stream->forget_request();
  return engine_.status();
}

// RFC 9001 §4.6.2: the server has seen nothing of what was sent, so all of it may be sent again.
Status ClientSession::on_early_rejected() {
  last_settings_.reset();
  context_.dirty_streams.clear();
  auto before = std::exchange(requests_, {});
  if (const Status opened = engine_.reopen(); !opened) return opened;
  for (auto& [old, stream] : before) {
    if (stream->abandoned()) continue;
    const auto id = stream->can_begin_again()
                        ? quic_.open_bidi()
                        : fail(ErrorCode::unavailable, "a body that has begun comes only once");
    if (id) {
      stream->begin_again(*id);
      requests_[*id] = std::move(stream);
    } else {
      stream->give_up();
      given_up_.push_back(std::move(stream));
    }
  }
  return engine_.status();
}

std::vector<std::byte> ClientSession::remembered() const {
  if (!settings_) return {};
  const Numbers numbers{settings_->field_section, settings_->qpack_table, settings_->qpack_blocked};
  const auto bytes = std::as_bytes(std::span(numbers));
  return {bytes.begin(), bytes.end()};
}

bool ClientSession::remember(std::span<const std::byte> bytes) {
  if (bytes.empty()) return true;  // the last connection ended before the SETTINGS came
  Numbers numbers{};
  if (bytes.size() != sizeof numbers) return false;
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  last_settings_ = {
      .field_section = numbers[0], .qpack_table = numbers[1], .qpack_blocked = numbers[2]};
  return true;
}

// RFC 9114 §7.2.4.2: a server that accepts early data keeps to what the client relied on.
bool ClientSession::accepts(const PeerSettings& settings) {
  settings_ = settings;
  if (!last_settings_) return true;
  return settings.field_section >= last_settings_->field_section &&
         settings.qpack_table >= last_settings_->qpack_table &&
         settings.qpack_blocked >= last_settings_->qpack_blocked;
}

}  // namespace troika::h3
