#include <algorithm>
#include <utility>

#include "proto/h3/engine.h"

namespace troika::h3 {
namespace {

constexpr std::size_t kShares = 64;  // of what is left of the limit: one goes to a pull
constexpr std::size_t kSmallestShare = 4096;

}  // namespace

Result<quic::StreamWrite> Engine::next_write() {
  std::int64_t id = quic::kNoStream;
  int fin = 0;
  std::array<nghttp3_vec, kVectors> found;
  nghttp3_ssize count = 0;
  // nghttp3 gives up when the one stream whose turn it is has nothing: the others are asked, too.
  do {
    if (!is_open()) break;
    held_back_ = false;
    count = nghttp3_conn_writev_stream(conn_.get(), &id, &fin, found.data(), found.size());
    if (count < 0) check(static_cast<int>(count));
    for (const quic::StreamId ended : std::exchange(trailing_, {})) {
      if (EngineStream* stream = owner_.find(ended)) finish_writing(*stream);
    }
  } while (id == quic::kNoStream && held_back_);
  if (last_error_ != 0) return std::unexpected(status().error());

  offered_stream_ = id;
  offered_fin_ = fin != 0;
  offered_bytes_ = 0;
  const auto used = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < used; ++i) {
    vectors_[i] = {.iov_base = found[i].base, .iov_len = found[i].len};
    offered_bytes_ += found[i].len;
  }
  return quic::StreamWrite{id, std::span(vectors_).first(used), offered_fin_};
}

Status Engine::wrote(quic::StreamId id, std::size_t bytes) {
  if (!is_open()) return status();
  check(nghttp3_conn_add_write_offset(conn_.get(), id, bytes));
  const bool ended = id == offered_stream_ && offered_fin_ && bytes == offered_bytes_;
  offered_stream_ = quic::kNoStream;
  if (EngineStream* stream = ended ? owner_.find(id) : nullptr) {
    stream->fin_handed_out_ = true;
    stream->on_fin_handed_out();
  }
  return status();
}

void Engine::blocked(quic::StreamId id) {
  if (is_open()) nghttp3_conn_block_stream(conn_.get(), id);
  if (EngineStream* stream = owner_.find(id)) stream->window_shut_ = true;
}

Status Engine::writable(quic::StreamId id) {
  if (is_open()) check(nghttp3_conn_unblock_stream(conn_.get(), id));
  if (EngineStream* stream = owner_.find(id)) stream->window_shut_ = false;
  quic_.mark_writable();
  return status();
}

// A stream takes a share of what is left, so that a hundred of them whose reader has paused cannot
// use up all of it between them.
std::size_t Engine::pull_allowance() const noexcept {
  const std::size_t room = limits_.retained_bytes - std::min(limits_.retained_bytes, retained_);
  return std::min({room, std::max(room / kShares, kSmallestShare), kMaxPull});
}

nghttp3_ssize Engine::read_data(EngineStream& stream, std::span<nghttp3_vec> into,
                                std::uint32_t& flags) {
  std::size_t allowance = pull_allowance();
  if (allowance == 0) starved_.push_back(stream.id());
  nghttp3_ssize count = 0;
  for (nghttp3_vec& vector : into) {
    if (allowance == 0 || stream.source_blocked_) break;
    auto pulled = stream.pull(allowance);
    if (!pulled || pulled->state == PullState::blocked) {
      // nghttp3 cannot fail one stream from here; the stream has recorded its reset.
      stream.source_blocked_ = true;
    } else if (pulled->state == PullState::end) {
      flags |= end_of_body(stream);
      return count;
    } else {
      const auto bytes = stream.retained_.keep(std::move(pulled->bytes));
      retained_ += bytes.size();
      allowance -= std::min(allowance, bytes.size());
      // nghttp3 only reads it, though its type does not say so.
      vector.base = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
      vector.len = bytes.size();
      ++count;
      if (stream.body_complete()) {
        flags |= end_of_body(stream);
        return count;
      }
    }
  }
  if (count > 0) return count;
  held_back_ = true;
  return NGHTTP3_ERR_WOULDBLOCK;
}

// Later, not from within read_data(), which nghttp3 calls in the midst of its list of frames.
std::uint32_t Engine::end_of_body(const EngineStream& stream) {
  if (stream.outgoing_trailers().empty()) return NGHTTP3_DATA_FLAG_EOF;
  trailing_.push_back(stream.id());
  held_back_ = true;
  return NGHTTP3_DATA_FLAG_EOF | NGHTTP3_DATA_FLAG_NO_END_STREAM;
}

void Engine::finish_writing(EngineStream& stream) {
  if (!is_open()) return;
  const FieldList fields(stream.outgoing_trailers());
  check(nghttp3_conn_submit_trailers(conn_.get(), stream.id(), fields.data(), fields.size()));
}

void Engine::free_retained(EngineStream& stream, std::size_t acked, bool all) {
  const std::size_t before = stream.retained_.size();
  if (all) {
    stream.retained_.clear();
  } else {
    stream.retained_.acknowledge(acked);
  }
  retained_ -= before - stream.retained_.size();
}

// Not for every packet that is acknowledged: a pull for a few bytes costs as much as a large one.
void Engine::resume_starved() {
  if (starved_.empty() || pull_allowance() < std::min(limits_.retained_bytes, kSmallestShare))
    return;
  for (const quic::StreamId id : std::exchange(starved_, {})) {
    if (is_open()) check(nghttp3_conn_resume_stream(conn_.get(), id));
  }
  quic_.mark_writable();
}

}  // namespace troika::h3
