#pragma once
#include <cstddef>
#include <cstdint>

#include "base/output_queue.h"
#include "base/time.h"
#include "http/message/body.h"

namespace troika {

// How far a message that we receive has come:
//
//             begin()   push()    finish()  fail()    stop()
//   head      body      -         -         done      stopped
//   body      -         body      done      done      stopped
//   stopped   stopped   stopped   done      done      stopped   what comes is dropped
//   done      -         dropped   done      done      done      what is buffered is dropped
enum class Receiving : std::uint8_t { head, body, done, stopped };

// The content of a message that we receive, between a protocol stream, which pushes its bytes, and
// its reader, which pulls them. Holds at most `window` bytes; flow control keeps an honest peer
// below that. Holds the content to the length that was declared (RFC 9110 §8.6), read or not.
class Incoming final : public BodySource {
 public:
  class Feedback {
   public:
    virtual void on_first_pull() noexcept {}
    virtual void on_end_read() noexcept {}                     // the reader has pulled the end
    virtual void on_consumed(std::size_t bytes) noexcept = 0;  // open the window by these
    virtual void on_stopped(AbortReason reason) noexcept = 0;  // from now on push() drops its bytes

   protected:
    ~Feedback() = default;
  };

  Incoming(BufferPool& pool, std::size_t window, Feedback& feedback) noexcept
      : queue_(pool), window_(window), feedback_(&feedback) {}

  // The head has come; `length`: of the content, if it is declared.
  void begin(std::optional<std::uint64_t> length) noexcept;
  // Copies the bytes. Fails with `limit`, and copies nothing, when they do not fit in the window;
  // with `protocol` when they are more than was declared. After stop() they are dropped and
  // reported as consumed.
  Status push(std::span<const std::byte> bytes);
  Status finish(HeaderMap trailers = {});  // `protocol`: it is shorter than was declared
  void fail(Error why) noexcept;           // the reader gets this error after the buffered bytes

  Receiving state() const noexcept { return state_; }
  std::uint64_t received() const noexcept { return received_; }
  std::size_t buffered() const noexcept { return queue_.size(); }
  std::size_t held() const noexcept override { return queue_.held(); }  // bytes of memory
  // The reader has all of it, and knows; or it wants no more.
  bool read_up() const noexcept {
    return reader_ == Reader::at_end || state_ == Receiving::stopped;
  }
  bool untouched() const noexcept { return reader_ == Reader::fresh; }   // nothing was pulled yet
  std::size_t room() const noexcept { return window_ - queue_.size(); }  // what push() would take
  // The reader wants none of the bytes: those that come are consumed at once. pull() tells the end,
  // and the waker is called for it alone. Before the first byte.
  void skip() noexcept { skips_ = true; }
  // Frees the buffered bytes; the feedback is not called again, and nothing is taken any more.
  void detach() noexcept;

  Result<Pulled> pull(std::size_t max_bytes) override;
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  void stop(AbortReason reason) noexcept override;
  std::optional<std::uint64_t> remaining() const noexcept override;
  const HeaderMap* trailers() const noexcept override { return &trailers_; }

 private:
  // What the last pull gave: nothing was pulled yet, bytes or an error, `blocked` (the waker is yet
  // to be called), or the end.
  enum class Reader : std::uint8_t { fresh, reading, blocked, at_end };

  void wake() noexcept;

  OutputQueue queue_;
  std::size_t window_;
  Feedback* feedback_;
  Waker* waker_ = nullptr;
  HeaderMap trailers_;
  std::optional<std::uint64_t> declared_;
  std::uint64_t received_ = 0;
  std::optional<Error> error_;
  Receiving state_ = Receiving::head;
  Reader reader_ = Reader::fresh;
  bool skips_ = false;
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
