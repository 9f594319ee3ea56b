#include "proto/h3/client_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace troika::h3 {
namespace {

using Numbers = std::array<std::uint64_t, 3>;

}  // namespace

std::unique_ptr<ClientApplication> make_client_session(const CallServices& services,
                                                       quic::QuicStreams& quic) {
  return std::make_unique<ClientSession>(services, quic);
}

ClientSession::ClientSession(const CallServices& services, quic::QuicStreams& quic)
    : services_(services),
      quic_(quic),
      engine_(Engine::Side::client, quic, services.limits, services.pool.blocks(), *this),
      context_{.engine = engine_, .clock = services.clock, .limits = services.limits} {}

Status ClientSession::on_ready() {
  moved_at_ = services_.clock.now();
  return engine_.open();
}

Result<CallHandle> ClientSession::start(Request request, std::unique_ptr<BodySource> body,
                                        Receiver& receiver, const CallTimeouts& timeouts) {
  if (lost_ || !engine_.status()) return fail(ErrorCode::closed, "the connection has ended");
  if (!engine_.is_open()) return fail(ErrorCode::unavailable, "the handshake is not complete");
  if (draining_) return fail(ErrorCode::unavailable, "the server takes no more requests");
  if (full()) {
    return fail(ErrorCode::unavailable, "as many requests are in flight as the server allows");
  }
  if (auto sendable = check(request); !sendable) return std::unexpected(sendable.error());
  if (!request.protocol.empty() && !settings_) {
    return fail(ErrorCode::unavailable, "the server has not said yet whether it takes tunnels");
  }
  if (!request.protocol.empty() && !settings_->takes_tunnels) {
    return fail(ErrorCode::denied, "the server takes no tunnels");
  }
  const auto id = quic_.open_bidi();
  if (!id) return std::unexpected(id.error());
  auto made = std::make_unique<ClientStream>(context_, services_, std::move(request),
                                             std::move(body), receiver, timeouts);
  made->submit(*id);
  ++open_;
  return CallHandle(&requests_.add(std::move(made)).call());
}

// As many as the server allows, and as the connection's window has room for.
std::size_t ClientSession::free() const noexcept {
  if (lost_ || draining_ || !engine_.is_open()) return 0;
  const std::size_t most = services_.limits.concurrent_streams;
  return std::min(most - std::min(most, open_), quic_.bidi_streams_left());
}

Status ClientSession::on_data(quic::StreamId id, std::span<const std::byte> bytes, bool fin, bool,
                              TimePoint now) {
  if (quic::is_bidi(id)) moved_at_ = now;
  return engine_.read(id, bytes, fin, now);
}

Status ClientSession::on_acked(quic::StreamId id, std::uint64_t bytes) {
  if (quic::is_bidi(id)) acknowledged_ = {acknowledged_.bytes + bytes, services_.clock.now()};
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
  --open_;
  moved_at_ = services_.clock.now();
  stream->on_closed(code);
  stream->mark_dirty();
}

Status ClientSession::apply(TimePoint now) {
  while (!lost_ && !context_.dirty.empty()) {
    moved_at_ = now;
    context_.dirty.run([this](Stream& stream) {
      if (stream.id() == quic::kNoStream) return false;  // given up
      stream.apply();
      if (stream.retire()) requests_.erase(stream.id());
      return false;
    });
  }
  std::erase_if(given_up_, [](const auto& stream) { return stream->call().over(); });
  quic_.keep_alive(live() ? services_.times.ping : Duration::zero());
  return engine_.status();
}

Status ClientSession::wrote(quic::StreamId id, std::size_t bytes, TimePoint now) {
  if (quic::is_bidi(id)) moved_at_ = now;
  ClientStream* const stream = bytes > 0 ? request(id) : nullptr;
  if (stream != nullptr) stream->call().on_head_written();
  return engine_.wrote(id, bytes);
}

TimePoint ClientSession::deadline() const noexcept {
  if (lost_) return kNever;
  TimePoint first = idle_deadline();
  for (const auto& stream : requests_) first = std::min(first, stream->deadline());
  return first;
}

bool ClientSession::live() const noexcept {
  return std::ranges::any_of(requests_, [](const auto& stream) { return stream->live(); });
}

// A server's PINGs keep resetting QUIC's own idle timer, and streams of which nobody waits for
// anything are open as long as it does not end its side.
TimePoint ClientSession::idle_deadline() const noexcept {
  return live() ? kNever : moved_at_ + services_.times.idle;
}

void ClientSession::on_deadline(TimePoint now) {
  if (lost_) return;
  if (idle_deadline() <= now) {
    quic_.close(kNoError);
    return abort(kNoError);
  }
  for (const auto& stream : requests_) stream->on_deadline(now, acknowledged_);
}

void ClientSession::on_goaway(quic::StreamId id) {
  draining_ = true;
  for (const auto& stream : requests_) {
    if (stream->id() >= id) stream->on_goaway();
  }
}

void ClientSession::drain() {
  if (std::exchange(draining_, true)) return;
  engine_.submit_shutdown();
}

// Those whose user still holds them stay, for what the user has not read.
void ClientSession::abort(std::optional<quic::AppError>) noexcept {
  if (std::exchange(lost_, true)) return;
  const auto reason = engine_.status() ? AbortReason::peer_gone : AbortReason::protocol_error;
  for (const auto& stream : requests_) {
    stream->call().on_peer_abort(reason);
    stream->call().on_closed();
  }
}

// RFC 9001 §4.6.2: the server has seen nothing of what was sent, so all of it may be sent again.
Status ClientSession::on_early_rejected() {
  last_settings_.reset();
  auto before = requests_.take_all();
  open_ = 0;
  const Status opened = engine_.reopen();
  for (auto& stream : before) {
    const auto id = opened && stream->call().begin_again()
                        ? quic_.open_bidi()
                        : fail(ErrorCode::unavailable, "a body that has begun comes only once");
    if (id) {
      stream->submit(*id);
      requests_.add(std::move(stream));
      ++open_;
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
  last_settings_ = PeerSettings{
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
