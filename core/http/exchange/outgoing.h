#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "http/message/body.h"

namespace troika {

// How far a message that we send has come:
//
//             begin()   pull()    on_end_framed()  reset(), or its source fails
//   nothing   head      -         -                reset
//   head      -         body      done             reset   its head is with the stream
//   body      -         body      done             reset   its content is pulled
//   done      -         -         done             reset   the stream has framed its end
//   reset     -         -         reset            reset
//
// begin_again() leads back to head.
enum class Sending : std::uint8_t { nothing, head, body, done, reset };

// The content of a message that we send: pulls its source for a protocol stream, holds it to the
// length that the head declares, and keeps its trailers.
class Outgoing final : private Waker {
 public:
  class Feedback {
   public:
    virtual void on_source_ready() noexcept = 0;  // pull() may return more now

   protected:
    ~Feedback() = default;
  };

  explicit Outgoing(Feedback& feedback) noexcept : feedback_(feedback) {}
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  ~Outgoing() { reset(AbortReason::peer_gone); }

  // The head goes to the stream. Null: there is no content. `length`: as the head declares it.
  void begin(std::unique_ptr<BodySource> source, std::optional<std::uint64_t> length) noexcept;
  // Nothing that was sent has arrived. False: it cannot be sent once more, since a source gives its
  // content and trailers only once.
  bool begin_again() noexcept;
  void prefer(const Pieces& pieces) noexcept {
    if (source_ != nullptr) source_->prefer(pieces);
  }
  void expect(std::size_t bytes) noexcept {
    if (source_ != nullptr) source_->expect(bytes);
  }
  std::size_t held() const noexcept { return source_ != nullptr ? source_->held() : 0; }
  // An error means: the message cannot be completed; the state is reset.
  Result<Pulled> pull(std::size_t max_bytes);
  void on_end_framed() noexcept {
    if (state_ != Sending::reset) state_ = Sending::done;
  }
  void on_sent(std::size_t bytes) noexcept { sent_ += bytes; }  // they left the process
  void on_all_sent() noexcept { sent_ = pulled_; }
  void reset(AbortReason reason) noexcept;

  Sending state() const noexcept { return state_; }
  bool complete() const noexcept {  // all content was pulled
    return source_ == nullptr && state_ != Sending::nothing && state_ != Sending::reset;
  }
  // There is content that only waits for the peer to make room.
  bool peer_owes_room() const noexcept {
    return state_ != Sending::reset && (waits_for_room() || (source_ != nullptr && !blocked_));
  }
  bool waits_for_room() const noexcept { return pulled_ > sent_; }  // content that was pulled
  bool blocked() const noexcept { return blocked_; }  // waits for its source, or is held
  // Its owner lets nobody pull yet.
  void hold() noexcept { blocked_ = true; }
  void go_on() noexcept { blocked_ = false; }
  std::uint64_t sent() const noexcept { return sent_; }
  const HeaderMap& trailers() const noexcept { return trailers_; }  // once complete

 private:
  void wake() noexcept override;
  Result<Pulled> pull_source(std::size_t max_bytes);
  void finish() noexcept;

  Feedback& feedback_;
  std::unique_ptr<BodySource> source_;
  HeaderMap trailers_;
  std::optional<std::uint64_t> declared_;
  std::uint64_t pulled_ = 0, sent_ = 0;
  Sending state_ = Sending::nothing;
  bool blocked_ = false;
};

}  // namespace troika
