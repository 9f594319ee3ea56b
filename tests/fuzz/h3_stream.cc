// Any bytes on any stream of a server session, in any order, between acknowledgements, resets,
// timeouts and drain. The input is a list of operations; QUIC's own rules are kept by FakeQuic.
#include <cstdint>
#include <memory>

#include "fuzz/cases.h"
#include "proto/h3/session.h"
#include "support/fake_quic.h"
#include "support/session_harness.h"

namespace {

using namespace troika;
using namespace troika::test;
using fuzz::Input, fuzz::require;

class Fixture {
 public:
  Fixture() : bench_("h3") {
    bench_.limits.retained_bytes = 20'000;
    bench_.handler.answer = [this](RequestContext context, Responder& responder) {
      return answer(context, responder);
    };
    app_ = h3::make_session(bench_.services, quic_);
    quic_.start(*app_, bench_.clock.now());
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void run(Input input) {
    if (input.byte() % 2 == 0) quic_.receive_text(2, std::string_view("\0\4\0", 3), false, now());
    while (!input.empty() && quic_.alive()) operate(input);
    settle();
    quic_.lose();
    require(app_->idle() && app_->deadline() == kNever);
    const std::size_t summaries = bench_.observer.entries.size();
    const auto requests = static_cast<std::size_t>(
        std::ranges::count_if(quic_.streams, [](const auto& s) { return quic::is_bidi(s.first); }));
    require(summaries <= requests);
    require(summaries >= static_cast<std::size_t>(bench_.handler.started));
    require(jobs_ == 0);
    app_.reset();
    require(bench_.observer.entries.size() == summaries);
    require(probe_.alive == 0 && bench_.pool.outstanding() == 0 && !quic_.broken);
  }

 private:
  TimePoint now() const { return bench_.clock.now(); }

  // Each kind of answer in turn.
  std::unique_ptr<Job> answer(RequestContext context, Responder& responder) {
    BufferPool& pool = context.services.pool;
    std::string read;
    switch (bench_.handler.started % 6) {
      case 0: (void)responder.respond({}, body_of(pool, "hello")); return nullptr;
      case 1: (void)responder.respond({}, std::make_unique<PatternBody>(pool, 30'000)); break;
      case 2: {
        (void)read_body(context.body, read);
        HeaderMap trailers;
        trailers.add("x-t", "1");
        (void)responder.respond({}, std::make_unique<ScriptedBody>(
                                        pool, std::vector{BodyStep::data("a"), BodyStep::blocked()},
                                        &probe_, std::nullopt, std::move(trailers)));
        break;
      }
      case 3:
        (void)responder.respond(
            {}, std::make_unique<ScriptedBody>(
                    pool, std::vector{BodyStep::data("a"), BodyStep::error()}, &probe_));
        return nullptr;
      case 4: (void)read_body(context.body, read); break;
      default: responder.abort(AbortReason::handler_failed); return nullptr;
    }
    return std::make_unique<CountedJob>(jobs_);
  }

  void operate(Input& input) {
    const unsigned operation = input.byte();
    switch (operation % 10) {
      case 0:
      case 1: data(input, operation % 10 == 1); break;
      case 2: quic_.receive_reset(stream(input), input.byte()); break;
      case 3: {
        const quic::StreamId id = stream(input);
        if (quic::is_bidi(id)) quic_.receive_stop_sending(id, input.byte());
        break;
      }
      case 4: quic_.turn(now()); break;
      case 5: quic_.ack_all(); break;
      case 6:
        bench_.clock.advance(std::chrono::milliseconds(100) * input.byte());
        if (app_->deadline() <= now()) app_->on_deadline(now());
        break;
      case 7: app_->drain(); break;
      case 8: probe_.release(); break;
      default: {
        const quic::StreamId id = stream(input);
        const std::uint64_t more = input.byte() * 100U;
        if (quic::is_bidi(id)) quic_.receive_stream_credit(id, quic_.stream(id).send_limit + more);
      }
    }
  }

  void data(Input& input, bool fin) {
    const quic::StreamId id = stream(input);
    const std::size_t size = input.byte() * 256U + input.byte();
    const auto bytes = input.bytes(size);
    const FakeQuic::Stream& s = quic_.stream(id);
    const bool fits = bytes.size() <= s.receive_limit - s.received &&
                      bytes.size() <= quic_.connection_window_left();
    if (fits) quic_.receive(id, bytes, fin, now());
  }

  // One of the client's: eight for requests, five others.
  static quic::StreamId stream(Input& input) {
    const quic::StreamId index = input.byte() % 13;
    return index < 8 ? 4 * index : 4 * (index - 8) + 2;
  }

  void settle() {
    for (int i = 0; i < 1000 && quic_.turn(now()); ++i) quic_.ack_all();
  }

  Bench bench_;
  FakeQuic quic_{true};
  std::unique_ptr<quic::QuicApplication> app_;
  BodyProbe probe_;
  int jobs_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Fixture().run(Input(data, size));
  return 0;
}
