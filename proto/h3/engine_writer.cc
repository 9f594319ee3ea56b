#include "proto/h3/engine_writer.h"

#include <algorithm>
#include <utility>

namespace troika::h3 {
namespace {

constexpr std::size_t kShares = 64;  // of what is left of the limit: one goes to a pull
constexpr std::size_t kSmallestShare = 4096;

}  // namespace

void EngineWriter::begin(nghttp3_conn* conn) noexcept {
  conn_ = conn;
  retained_ = used_vectors_ = offered_bytes_ = 0;
  starved_.clear();
  trailing_.clear();
  offered_stream_ = quic::kNoStream;
  offered_fin_ = false;
}

int EngineWriter::next() {
  std::int64_t id = quic::kNoStream;
  int fin = 0;
  std::array<nghttp3_vec, kVectors> found;
  nghttp3_ssize count = 0;
  // nghttp3 stops when the stream whose turn it is has nothing: the other streams are asked, too.
  do {
    held_back_ = false;
    count = nghttp3_conn_writev_stream(conn_, &id, &fin, found.data(), found.size());
    if (count < 0) return static_cast<int>(count);
    for (const quic::StreamId ended : std::exchange(trailing_, {})) {
      const EngineStream* stream = owner_.find(ended);
      if (const int code = stream != nullptr ? submit_trailers(*stream) : 0; code != 0) return code;
    }
  } while (id == quic::kNoStream && held_back_);

  offered_stream_ = id;
  offered_fin_ = fin != 0;
  offered_bytes_ = 0;
  used_vectors_ = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < used_vectors_; ++i) {
    vectors_[i] = {.iov_base = found[i].base, .iov_len = found[i].len};
    offered_bytes_ += found[i].len;
  }
  return 0;
}

quic::StreamWrite EngineWriter::offered() const noexcept {
  return {offered_stream_, std::span(vectors_).first(used_vectors_), offered_fin_};
}

int EngineWriter::wrote(quic::StreamId id, std::size_t bytes) {
  const int code = nghttp3_conn_add_write_offset(conn_, id, bytes);
  const bool ended = id == offered_stream_ && offered_fin_ && bytes == offered_bytes_;
  offered_stream_ = quic::kNoStream;
  if (EngineStream* stream = ended ? owner_.find(id) : nullptr) {
    stream->on_fin_handed_out();
  }
  return code;
}

// A stream gets a share of what is left, so that a hundred streams whose reader has paused cannot
// use up all of it.
std::size_t EngineWriter::pull_allowance() const noexcept {
  const std::size_t room = limits_.retained_bytes - std::min(limits_.retained_bytes, retained_);
  return std::min({room, std::max(room / kShares, kSmallestShare), kMaxPull});
}

nghttp3_ssize EngineWriter::read_data(EngineStream& stream, std::span<nghttp3_vec> into,
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
      const auto bytes = stream.retained_.retain(std::move(pulled->bytes));
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

// The trailers are submitted later: nghttp3 calls read_data() while it walks its list of frames.
std::uint32_t EngineWriter::end_of_body(const EngineStream& stream) {
  if (stream.outgoing_trailers().empty()) return NGHTTP3_DATA_FLAG_EOF;
  trailing_.push_back(stream.id());
  held_back_ = true;
  return NGHTTP3_DATA_FLAG_EOF | NGHTTP3_DATA_FLAG_NO_END_STREAM;
}

int EngineWriter::submit_trailers(const EngineStream& stream) {
  const FieldList fields(stream.outgoing_trailers());
  return nghttp3_conn_submit_trailers(conn_, stream.id(), fields.data(), fields.size());
}

void EngineWriter::acknowledge(EngineStream& stream, std::size_t bytes) noexcept {
  const std::size_t before = stream.retained_.size();
  stream.retained_.acknowledge(bytes);
  retained_ -= before - stream.retained_.size();
}

void EngineWriter::release(EngineStream& stream) noexcept {
  retained_ -= stream.retained_.size();
  stream.retained_.clear();
}

// Not for every packet that is acknowledged: a pull for a few bytes costs as much as a large one.
int EngineWriter::resume_starved() {
  if (starved_.empty() || pull_allowance() < std::min(limits_.retained_bytes, kSmallestShare)) {
    return 0;
  }
  quic_.mark_writable();
  for (const quic::StreamId id : std::exchange(starved_, {})) {
    if (const int code = nghttp3_conn_resume_stream(conn_, id); code != 0) return code;
  }
  return 0;
}

}  // namespace troika::h3
