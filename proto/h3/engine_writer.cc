#include "proto/h3/engine_writer.h"

#include <algorithm>
#include <utility>

namespace troika::h3 {
namespace {

// The largest slab that fits, since memory is held in slabs; 0: none does.
std::size_t slab_within(std::size_t bytes) noexcept {
  std::size_t found = 0;
  for (const std::size_t size : BufferPool::kSizes) {
    if (size <= bytes) found = size;
  }
  return found;
}

}  // namespace

void EngineWriter::begin(nghttp3_conn* conn) noexcept {
  conn_ = conn;
  set_retained(0);
  holders_ = used_vectors_ = offered_bytes_ = 0;
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
  used_vectors_ = 0;
  for (const nghttp3_vec& each : std::span(found).first(static_cast<std::size_t>(count))) {
    const std::size_t bytes = std::min(each.len, kOfferBytes - offered_bytes_);
    if (bytes > 0) vectors_[used_vectors_++] = {.iov_base = each.base, .iov_len = bytes};
    offered_bytes_ += bytes;
    if (bytes < each.len) offered_fin_ = false;
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

// What is left is shared with the streams that hold some already, so that two hundred streams whose
// reader has paused cannot use up all of it. A stream that the peer gives little credit needs no
// more than the smallest slab.
std::size_t EngineWriter::share_of(const EngineStream& stream, std::size_t credit) const noexcept {
  const std::size_t least = BufferPool::kSizes.front();
  const std::size_t sharers = holders_ + (stream.retained_.empty() ? 1 : 0);
  const std::size_t share = slab_within(std::min(room() / sharers, std::max(credit, least)));
  return share > 0 ? share : slab_within(std::min(room(), least));
}

nghttp3_ssize EngineWriter::read_data(EngineStream& stream, std::span<nghttp3_vec> into,
                                      std::uint32_t& flags) {
  const quic::SendCredit credit = quic_.send_credit(stream.id());
  // What was pulled could not leave. Engine::writable() lets nghttp3 ask again.
  std::size_t share = credit.stream > 0 ? share_of(stream, credit.both()) : 0;
  if (share == 0 && credit.stream > 0) starved_.push_back(stream.id());
  nghttp3_ssize count = 0;
  for (nghttp3_vec& vector : into) {
    const std::size_t most = slab_within(share);
    if (most == 0 || stream.source_blocked_) break;
    auto pulled = stream.pull(most);
    if (!pulled || pulled->state == PullState::blocked) {
      // nghttp3 cannot fail one stream from here; the stream has recorded its reset.
      stream.source_blocked_ = true;
    } else if (pulled->state == PullState::end) {
      flags |= end_of_body(stream);
      return count;
    } else {
      const std::size_t before = retained_;
      const auto bytes = retain(stream, std::move(pulled->bytes));
      share -= std::min(share, retained_ - before);
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

std::span<const std::byte> EngineWriter::retain(EngineStream& stream, Slice bytes) {
  if (stream.retained_.empty()) ++holders_;
  const std::size_t before = stream.retained_.size();
  const auto kept = stream.retained_.retain(std::move(bytes));
  set_retained(retained_ + stream.retained_.size() - before);
  return kept;
}

void EngineWriter::acknowledge(EngineStream& stream, std::size_t bytes) noexcept {
  if (stream.retained_.empty()) return;
  const std::size_t before = stream.retained_.size();
  stream.retained_.acknowledge(bytes);
  set_retained(retained_ - (before - stream.retained_.size()));
  if (stream.retained_.empty()) --holders_;
}

void EngineWriter::release(EngineStream& stream) noexcept {
  if (stream.retained_.empty()) return;
  set_retained(retained_ - stream.retained_.size());
  stream.retained_.clear();
  --holders_;
}

int EngineWriter::resume_starved() {
  if (starved_.empty() || slab_within(room()) == 0) return 0;
  quic_.mark_writable();
  for (const quic::StreamId id : std::exchange(starved_, {})) {
    if (const int code = nghttp3_conn_resume_stream(conn_, id); code != 0) return code;
  }
  return 0;
}

}  // namespace troika::h3
