#pragma once
// What a handler does with the requests of a run, as the input says.
#include <deque>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "fuzz/bodies.h"
#include "fuzz/cases.h"
#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::fuzz {

// The length of a request's path says how it is answered. Some are answered later: operate() does
// it. Outlives the sessions whose handler it is.
class Answers {
 public:
  // The handler of `bench` from now on.
  explicit Answers(test::ScriptedHandler& handler, BufferPool& pool) : pool_(pool) {
    handler.answer = [this](RequestContext context, Responder& responder) {
      return answer(context, responder);
    };
  }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  // Something that the handler does with a request it has kept.
  void operate(Input& input) {
    const unsigned what = input.byte();
    if (what % 8 == 7) release();
    if (kept_.empty()) return;
    Kept& one = *kept_[input.byte() % kept_.size()];
    switch (what % 8) {
      case 0:
      case 1:
      case 2: one.respond(input); break;
      case 3: std::ignore = one.body.pull(1 + std::size_t{input.byte()} * 40); break;
      case 4: one.inform(); break;
      case 5: one.abort(); break;
      case 6: one.body.stop(AbortReason::body_stopped); break;
      default: break;
    }
  }

  // One step on for each body that is blocked. No deadline is there for a handler's own body.
  void release() {
    for (test::BodyProbe& probe : probes_) probe.release();
  }

  // When all sessions are gone.
  void check_end() const {
    require(kept_.empty() && jobs_ == 0, "no job outlives its session");
    for (const test::BodyProbe& probe : probes_) require(probe.alive == 0, "nor does a body");
  }

 private:
  // A request that waits for operate().
  struct Kept final : Job {
    Kept(Answers& its_owner, RequestContext context, Responder& its_responder)
        : owner(its_owner),
          body(context.body),
          responder(its_responder),
          probe(owner.probes_.emplace_back()),
          takes_tunnel(!context.request.protocol.empty()) {
      owner.kept_.push_back(this);
    }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    ~Kept() override { std::erase(owner.kept_, this); }

    // Each only when handler.h allows it.
    void respond(Input& input) {
      if (std::exchange(decided, true)) return;
      ResponseHead head;
      const unsigned how = input.byte();
      if (how % 4 == 0) head.status = how % 8 == 0 ? std::uint16_t{304} : std::uint16_t{404};
      head.tunnel = takes_tunnel && head.status == 200 && how % 2 == 1;
      std::optional<std::uint64_t> length;
      if (how >= 200 && !head.tunnel) length = input.byte();
      HeaderMap trailers;
      if (how >= 100) trailers.add("x-t", "1");
      std::ignore = responder.respond(std::move(head), std::make_unique<test::ScriptedBody>(
                                                           owner.pool_, steps_from(input), &probe,
                                                           length, std::move(trailers)));
    }
    void inform() {
      if (decided) return;
      ResponseHead head;
      head.status = 103;
      std::ignore = responder.inform(head);
    }
    void abort() {
      if (!std::exchange(decided, true)) responder.abort(AbortReason::handler_failed);
    }

    Answers& owner;
    BodySource& body;
    Responder& responder;
    test::BodyProbe& probe;
    bool takes_tunnel;
    bool decided = false;
  };

  std::unique_ptr<Job> answer(RequestContext context, Responder& responder) {
    switch (context.request.target.path.size() % 8) {
      case 0: std::ignore = responder.respond({}, nullptr); return nullptr;
      case 1: std::ignore = responder.respond({}, test::body_of(pool_, "hello")); return nullptr;
      case 2:
        std::ignore = responder.respond({}, std::make_unique<test::PatternBody>(pool_, 90'000));
        return nullptr;
      case 3: return test::echo(jobs_)(context, responder);
      case 4:
        if (!context.request.protocol.empty()) return test::echo_tunnel(jobs_)(context, responder);
        responder.abort(AbortReason::handler_failed);
        return nullptr;
      default: return std::make_unique<Kept>(*this, context, responder);
    }
  }

  BufferPool& pool_;
  std::deque<test::BodyProbe> probes_;
  std::vector<Kept*> kept_;
  int jobs_ = 0;
};

}  // namespace troika::fuzz
