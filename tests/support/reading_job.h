#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "support/session_harness.h"

namespace troika::test {

// Reads the whole request body and responds with what `made` makes of it.
class ReadingJob final : public Job, private Waker {
 public:
  ReadingJob(RequestContext context, Responder& responder,
             std::function<std::string(std::string)> made)
      : body_(context.body),
        pool_(context.services.pool),
        responder_(responder),
        made_(std::move(made)) {
    body_.set_waker(this);
    wake();
  }
  ReadingJob(const ReadingJob&) = delete;
  ReadingJob& operator=(const ReadingJob&) = delete;

 private:
  void wake() noexcept override {
    const ReadState state = read_body(body_, text_);
    if (state == ReadState::error) return responder_.abort(AbortReason::handler_failed);
    if (state == ReadState::blocked) return;
    (void)responder_.respond({}, body_of(pool_, made_(std::move(text_))));
  }

  BodySource& body_;
  BufferPool& pool_;
  Responder& responder_;
  std::function<std::string(std::string)> made_;
  std::string text_;
};

inline std::unique_ptr<Job> echo_when_whole(RequestContext context, Responder& responder) {
  return std::make_unique<ReadingJob>(context, responder, [](std::string text) { return text; });
}

}  // namespace troika::test
