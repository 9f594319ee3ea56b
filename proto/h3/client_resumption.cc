#include <array>
#include <cstring>
#include <utility>

#include "proto/h3/client_session.h"

namespace troika::h3 {
namespace {

using Numbers = std::array<std::uint64_t, 3>;

}  // namespace

Status ClientConnectionSession::on_handshake_done(TimePoint) {
  handshaking_ = false;
  for (const auto& [id, stream] : requests_) stream->forget_kept();
  return engine_.status();
}

// RFC 9001 §4.6.2: the server has seen nothing of what was sent, so all of it may be sent again.
Status ClientConnectionSession::on_early_rejected() {
  last_settings_.reset();
  context_.noted.clear();
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

std::vector<std::byte> ClientConnectionSession::remembered() const {
  if (!settings_) return {};
  const Numbers numbers{settings_->field_section, settings_->qpack_table, settings_->qpack_blocked};
  const auto bytes = std::as_bytes(std::span(numbers));
  return {bytes.begin(), bytes.end()};
}

bool ClientConnectionSession::remember(std::span<const std::byte> bytes) {
  if (bytes.empty()) return true;  // the last connection ended before it had heard of them
  Numbers numbers{};
  if (bytes.size() != sizeof numbers) return false;
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  last_settings_ = {
      .field_section = numbers[0], .qpack_table = numbers[1], .qpack_blocked = numbers[2]};
  return true;
}

// RFC 9114 §7.2.4.2: a server that accepts early data keeps to what the client relied on.
bool ClientConnectionSession::accepts(const PeerSettings& settings) {
  settings_ = settings;
  if (!last_settings_) return true;
  return settings.field_section >= last_settings_->field_section &&
         settings.qpack_table >= last_settings_->qpack_table &&
         settings.qpack_blocked >= last_settings_->qpack_blocked;
}

}  // namespace troika::h3
