#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "tls/context/fault.h"
#include "tls/transport/tls_connection.h"

namespace troika::tls {
namespace {

// What the records of one write() add to their plaintext: 34 records at most (25 small ones first),
// with 29 bytes in TLS 1.2 and 22 in 1.3, and a key update before them.
constexpr std::size_t kOverhead = 2048;
static_assert(TlsConnection::kTailMax <= RecordScratch::kCapacity);

}  // namespace

std::size_t TlsConnection::write_budget() const noexcept {
  const bool can = state_ == State::open || state_ == State::early;
  if (!can || shutdown_ || tail_.size() > kTailLow) return 0;
  if (state_ == State::early && is_client()) return early_open_ ? early_room_ : 0;
  const std::size_t room = kTailMax - kOverhead - tail_.size();
  return room - room % RecordSize::kFull;
}

Status TlsConnection::write(OutputQueue& queue, TimePoint now) {
  if (state_ == State::closed) return fail(ErrorCode::closed, "the TLS connection is closed");
  const std::size_t budget = write_budget();
  if (budget == 0 || queue.empty()) return {};
  auto& records = scratch_.bytes;
  assert(records.empty());
  records.insert(records.end(), tail_.begin(), tail_.end());
  bio_.set_output(records);
  const Status sealed = seal(queue, budget, now);
  bio_.set_output(tail_);
  const Status sent = send_scratch();
  return sealed ? sent : sealed;
}

// Encrypts up to `budget` bytes. The pieces of the queue (a frame header, a slice of a body) are
// gathered, so that they do not make a record each.
Status TlsConnection::seal(OutputQueue& queue, std::size_t budget, TimePoint now) {
  std::array<std::byte, RecordSize::kFull> gathered;  // NOLINT(*-member-init): 16 KiB of zeros
  while (budget > 0 && !queue.empty()) {
    const std::size_t size = std::min({record_size_.next(now), budget, queue.size()});
    std::span<const std::byte> piece = queue.front();
    if (piece.size() < size) {
      queue.peek(std::span(gathered).first(size));
      piece = gathered;
    }
    ERR_clear_error();
    std::size_t taken = 0;
    if (seal_record(piece.first(size), taken) != 1) {
      return fail(ErrorCode::internal, fault_of(ssl_.get()));
    }
    queue.consume(taken);
    record_size_.written(taken);
    budget -= taken;
  }
  return {};
}

Status TlsConnection::send_scratch() {
  auto& records = scratch_.bytes;
  const auto taken = offer(records);
  const std::span<const std::byte> left =
      std::span(records).subspan(taken.value_or(records.size()));
  if (left.empty()) {
    tail_ = {};  // an idle connection holds no memory here
  } else {
    tail_.assign(left.begin(), left.end());
  }
  records.clear();
  if (!taken) return std::unexpected(taken.error());
  return {};
}

Status TlsConnection::flush() {
  if (!failure_ || tail_.empty()) return failure_;
  const auto taken = offer(tail_);
  if (!taken) return std::unexpected(taken.error());
  if (*taken < tail_.size()) {
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(*taken));
    return {};
  }
  tail_ = {};
  if (shutdown_ && state_ != State::early) stream_->shutdown_write();
  return {};
}

Result<std::size_t> TlsConnection::offer(std::span<const std::byte> bytes) {
  if (blocked_) return 0;
  const iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const auto taken = stream_->write_some({&vector, 1});
  if (taken) sent_ += *taken;
  if (taken && *taken < bytes.size()) blocked_ = true;
  return taken;
}

}  // namespace troika::tls
