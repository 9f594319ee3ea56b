#include "handlers/compress/compress_body.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace troika {
namespace {

using Bytes = std::vector<std::byte>;

class CompressBody final : public BodySource, private Waker {
 public:
  CompressBody(Background& background, BufferPool& pool, std::unique_ptr<BodySource> inner,
               std::unique_ptr<Encoder> encoder)
      : background_(background),
        pool_(pool),
        inner_(std::move(inner)),
        encoder_(std::move(encoder)) {
    inner_->set_waker(this);
  }
  CompressBody(const CompressBody&) = delete;
  CompressBody& operator=(const CompressBody&) = delete;
  ~CompressBody() override { inner_->set_waker(nullptr); }

  Result<Pulled> pull(std::size_t max_bytes) override;
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  void stop(AbortReason reason) noexcept override;
  std::size_t held() const noexcept override {
    return sizeof(*this) + made_.capacity() + ready_.slab_bytes() + inner_->held();
  }
  const HeaderMap* trailers() const noexcept override {
    return state_ == State::ended ? inner_->trailers() : nullptr;
  }

 private:
  // `last`: the task that runs, or has just run, gets the end of the input.
  enum class State : std::uint8_t { reading, last, ended, failed };
  class Step;

  void advance();
  void start(Slice input);
  void on_step(Status status, std::unique_ptr<Encoder> encoder, Bytes made);
  void on_failure(Error error) noexcept;
  Slice take(std::size_t max_bytes);
  bool has_output() const noexcept { return !ready_.empty() || given_ < made_.size(); }
  void wake() noexcept override;

  Background& background_;
  BufferPool& pool_;
  std::unique_ptr<BodySource> inner_;
  std::unique_ptr<Encoder> encoder_;  // null while a task has it, and after the end
  std::unique_ptr<Operation> operation_;
  Waker* waker_ = nullptr;
  Bytes made_;             // output of the last step; not of the pool, which is for one thread
  std::size_t given_ = 0;  // of made_, copied into ready_
  Slice ready_;            // copied and not yet pulled
  State state_ = State::reading;
  Error error_;
  bool running_ = false;
  bool advancing_ = false;
  bool blocked_ = false;  // the reader got `blocked` and waits to be woken
};

// Owns all that the thread works on, so that the body may be destroyed meanwhile.
class CompressBody::Step final : public Background::Task {
 public:
  Step(CompressBody& body, std::unique_ptr<Encoder> encoder, Slice input, Bytes made)
      : body_(body),
        encoder_(std::move(encoder)),
        input_(std::move(input)),
        made_(std::move(made)) {}

  void work() noexcept override {
    status_ = encoder_->write(input_.bytes(), input_.empty(), [this](auto bytes) {
      made_.insert(made_.end(), bytes.begin(), bytes.end());
    });
  }
  std::uint64_t cost() const noexcept override { return input_.size(); }
  void finish() override {
    input_ = Slice();
    body_.on_step(status_, std::move(encoder_), std::move(made_));
  }

 private:
  CompressBody& body_;
  std::unique_ptr<Encoder> encoder_;
  Slice input_;  // empty: the end
  Bytes made_;
  Status status_;
};

Result<Pulled> CompressBody::pull(std::size_t max_bytes) {
  if (!has_output()) advance();
  if (has_output()) return Pulled{PullState::data, take(max_bytes)};
  switch (state_) {
    case State::ended: return Pulled{};
    case State::failed: return std::unexpected(error_);
    case State::reading:
    case State::last: break;
  }
  blocked_ = true;
  return Pulled{PullState::blocked, {}};
}

// An encoder may need several pieces of input before it produces output. The loop is for a
// Background that completes tasks inside run().
void CompressBody::advance() {
  advancing_ = true;
  while (state_ == State::reading && !running_ && !has_output()) {
    Result<Pulled> input = inner_->pull(kMaxPull);
    if (!input) {
      on_failure(input.error());
    } else if (input->state == PullState::blocked) {
      break;
    } else {
      if (input->state == PullState::end) state_ = State::last;
      start(std::move(input->bytes));
    }
  }
  advancing_ = false;
}

void CompressBody::start(Slice input) {
  running_ = true;
  made_.clear();
  given_ = 0;
  operation_ = background_.run(
      std::make_unique<Step>(*this, std::move(encoder_), std::move(input), std::move(made_)));
}

void CompressBody::on_step(Status status, std::unique_ptr<Encoder> encoder, Bytes made) {
  running_ = false;
  if (!status) {
    on_failure(status.error());
  } else {
    made_ = std::move(made);
    if (state_ == State::last) {
      state_ = State::ended;
    } else {
      encoder_ = std::move(encoder);
    }
  }
  if (advancing_) return;
  if (!has_output()) advance();
  const bool news = has_output() || state_ == State::ended || state_ == State::failed;
  if (news) wake();
}

void CompressBody::on_failure(Error error) noexcept {
  state_ = State::failed;
  error_ = error;
  encoder_.reset();
}

Slice CompressBody::take(std::size_t max_bytes) {
  if (ready_.empty()) {
    const auto rest = std::span(made_).subspan(given_);
    ready_ = pool_.copy(rest.first(std::min(rest.size(), kMaxPull)));
    given_ += ready_.size();
  }
  Slice bytes = ready_.sub(0, std::min(ready_.size(), max_bytes));
  ready_.remove_prefix(bytes.size());
  if (ready_.empty()) ready_ = Slice();  // frees the slab together with the reader's slice
  return bytes;
}

// Called by a step that ended or by the inner body, which is pulled when the reader pulls.
void CompressBody::wake() noexcept {
  if (std::exchange(blocked_, false) && waker_ != nullptr) waker_->wake();
}

void CompressBody::stop(AbortReason reason) noexcept {
  waker_ = nullptr;
  operation_.reset();
  inner_->set_waker(nullptr);
  inner_->stop(reason);
  ready_ = Slice();
  made_ = Bytes();
  given_ = 0;
  on_failure({ErrorCode::closed, "nobody reads this body any more"});
}

}  // namespace

std::unique_ptr<BodySource> compress_body(Background& background, BufferPool& pool,
                                          std::unique_ptr<BodySource> inner,
                                          std::unique_ptr<Encoder> encoder) {
  return std::make_unique<CompressBody>(background, pool, std::move(inner), std::move(encoder));
}

}  // namespace troika
