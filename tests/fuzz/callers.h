#pragma once
// The users of a client session, who do what the input says and check what they are told.
#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "fuzz/bodies.h"
#include "fuzz/cases.h"
#include "support/session_harness.h"

namespace troika::fuzz {

class Callers {
 public:
  Callers(BufferPool& pool, const Limits& limits) : pool_(pool), limits_(limits) {}

  // One more request, if the session takes one.
  void start(ClientSession& session, Input& input) {
    static constexpr std::array kMethods{Method::get, Method::post, Method::head, Method::get};
    const unsigned shape = input.byte();
    Request request = test::make_request("/", kMethods[shape % 4]);
    if (shape % 4 == 3) request.protocol = "websocket";
    request.expects_continue = shape % 4 == 1 && (shape & 4U) != 0;
    Caller& caller = callers_.emplace_back();
    std::unique_ptr<BodySource> body;
    if (shape % 4 == 1 || shape % 4 == 3) {
      std::optional<std::uint64_t> length;
      if ((shape & 8U) != 0 && shape % 4 == 1) length = input.byte();
      body = std::make_unique<test::ScriptedBody>(pool_, steps_from(input), &caller.probe, length);
    }
    auto started = session.start(std::move(request), std::move(body), caller, {});
    require(!started || caller.heads + caller.failures == 0, "nothing is told from inside start()");
    if (!started) {
      require(caller.heads + caller.failures == 0, "who could not start hears nothing");
      callers_.pop_back();
      return;
    }
    caller.call = std::move(*started);
    if ((shape & 0xf0U) == 0xf0U) caller.call->skip_content();
  }

  // Something that one of the users does.
  void operate(Input& input) {
    const unsigned what = input.byte();
    if (callers_.empty()) return;
    Caller& one = *std::next(callers_.begin(), input.byte() % std::ssize(callers_));
    switch (what % 8) {
      case 0:
      case 1:
      case 2: one.read(1 + std::size_t{what} * 64); break;
      case 3: one.probe.release(); break;
      case 4: one.let_go(); break;
      case 5:
        if (one.call != nullptr) {
          one.call->body().stop(AbortReason::body_stopped);
          one.gone = true;
        }
        break;
      default:
        for (Caller& each : callers_) each.read(1U << 20U);
    }
  }

  void let_go() {
    for (Caller& each : callers_) each.let_go();
  }
  void check() const {
    for (const Caller& each : callers_) {
      if (each.call == nullptr) continue;
      require(each.call->incoming().buffered() <= limits_.call_window, "the window holds it");
    }
  }
  // When the session is gone.
  void check_end() const {
    for (const Caller& each : callers_) require(each.probe.alive == 0, "no body outlives it");
  }

 private:
  struct Caller final : Receiver {
    CallHandle call;
    test::BodyProbe probe;
    int heads = 0, failures = 0, informational = 0;
    bool gone = false;  // it has let go, or stopped the content

    void on_informational(const ResponseHead& head) override {
      require(!gone && heads == 0 && failures == 0, "1xx come before the head");
      require(head.status >= 100 && head.status < 200 && ++informational <= 32);
    }
    void on_head(ResponseHead head) override {
      require(!gone && ++heads == 1 && failures == 0, "one head, before any failure");
      require((head.status >= 200 || head.status == 101) && head.status < 1000);
    }
    void on_failed(const Failure& failure) override {
      require(++failures == 1, "one failure");
      require((failure.step == CallStep::receive) == (heads == 1), "its step says where");
    }

    void read(std::size_t most) {
      if (call == nullptr || heads == 0) return;
      std::ignore = call->body().pull(most);
    }
    void let_go() {
      gone = true;
      call.reset();
    }
  };

  BufferPool& pool_;
  const Limits& limits_;
  std::list<Caller> callers_;
};

}  // namespace troika::fuzz
