#pragma once
#include <cstddef>
#include <cstdint>

#include "base/output_queue.h"
#include "base/time.h"
#include "http/message/body.h"

namespace troika {

// A body between a protocol session, which pushes received bytes, and its reader, which pulls them.
// Holds at most `window` bytes; flow control keeps an honest peer below that.
class BodyChannel final : public BodySource {
 public:
  class Feedback {
   public:
    virtual void on_first_pull() noexcept {}
    virtual void on_consumed(std::size_t bytes) noexcept = 0;  // open the window by these
    virtual void on_stopped(AbortReason reason) noexcept = 0;  // from now on push() drops its bytes

   protected:
    ~Feedback() = default;
  };

  BodyChannel(BufferPool& pool, std::size_t window, Feedback& feedback) noexcept
      : queue_(pool), window_(window), feedback_(&feedback) {}

  // Copies the bytes. Fails with `limit` and copies nothing when they do not fit in the window.
  // After stop() they are dropped and reported as consumed.
  Status push(std::span<const std::byte> bytes);
  void finish(HeaderMap trailers = {});
  void fail(Error why) noexcept;  // the reader gets this error after the buffered bytes
  void expect(std::optional<std::uint64_t> length) noexcept { remaining_ = length; }

  std::size_t buffered() const noexcept { return queue_.size(); }
  bool ended() const noexcept { return finished_ || failed_; }
  bool stopped() const noexcept { return stopped_; }
  // Frees the buffered bytes; the feedback is not called again.
  void detach() noexcept;

  Result<Pulled> pull(std::size_t max_bytes) override;
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  void stop(AbortReason reason) noexcept override;
  std::optional<std::uint64_t> remaining() const noexcept override { return remaining_; }
  const HeaderMap* trailers() const noexcept override { return &trailers_; }

 private:
  void wake() noexcept;

  OutputQueue queue_;
  std::size_t window_;
  Feedback* feedback_;
  Waker* waker_ = nullptr;
  HeaderMap trailers_;
  std::optional<std::uint64_t> remaining_;
  Error error_;
  bool pulled_ = false;
  bool blocked_ = false;  // `blocked` was returned; the waker is yet to be called
  bool finished_ = false, failed_ = false, stopped_ = false;
};

// The unwanted rest of a request body: it is read and dropped up to a limit. On HTTP/1 the
// connection stays usable after it; on HTTP/2 and HTTP/3 a client that is told to stop while it
// sends may drop the response.
class Discard {
 public:
  explicit Discard(std::size_t most_bytes) noexcept : left_(most_bytes) {}

  void add(std::size_t bytes) noexcept {
    if (bytes > left_) spent_ = true;
    left_ -= fits(bytes) ? bytes : left_;
  }
  bool fits(std::uint64_t more) const noexcept { return more <= left_; }
  // The response is complete: from now on a time limit applies as well.
  void end_at(TimePoint when) noexcept { end_ = when; }
  TimePoint end() const noexcept { return end_; }  // kNever before
  bool spent() const noexcept { return spent_; }   // more arrived than the limit allows
  bool over(TimePoint now) const noexcept { return spent_ || now >= end_; }

 private:
  std::size_t left_;
  TimePoint end_ = kNever;
  bool spent_ = false;
};

}  // namespace troika
