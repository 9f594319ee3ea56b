// Any order of what a protocol stream and a handler may do to an Exchange. Whatever comes: one
// summary, one head at most, no byte beyond a declared length, nothing left at the end, and no
// handler for what may be a replay.
#include <cstddef>
#include <cstdint>

#include "fuzz/bodies.h"
#include "fuzz/cases.h"
#include "http/exchange/exchange.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;
using fuzz::Input, fuzz::require, fuzz::steps_from;

namespace {

struct Port final : StreamPort {
  int heads = 0;
  bool dead = false;  // reset: the stream asks for nothing more
  BodyFraming framing;
  void send_informational(const ResponseHead&) override { require(heads == 0); }
  void send_head(ResponseHead&&, BodyFraming f) override {
    ++heads;
    framing = f;
  }
  void mark_dirty() noexcept override {}
  void body_ready() noexcept override {}
  void credit(std::size_t) noexcept override {}
  void stop_receiving(AbortReason) noexcept override {}
  void reset(AbortReason) noexcept override { dead = true; }
  Account& account() noexcept override { return held; }
  Account held;
};

Request request_from(Input& input) {
  Request request;
  const unsigned shape = input.byte();
  request.method = static_cast<Method>(shape % 10);
  request.version = static_cast<HttpVersion>(shape / 10 % 4);
  request.has_body = (shape & 64U) != 0;
  request.expects_continue = (shape & 128U) != 0;
  if (request.has_body && input.byte() % 2 == 0) request.content_length = input.byte();
  if (request.method == Method::connect || (shape & 192U) == 192U) {
    request.method = shape % 2 == 0 ? Method::get : Method::connect;
    request.protocol = "websocket";
    request.has_body = request.expects_continue = false;
    request.content_length.reset();
  }
  return request;
}

// What the handler of this run does when it is started: the rest of it is the input's to say.
struct Run {
  Bench bench;
  Port port;
  int jobs = 0;
  std::size_t body_bytes = 0;  // of the request, so far
  bool complete = false;
  bool offered = false;  // a tunnel, to the handler
  Responder* responder = nullptr;
  BodySource* body = nullptr;
  BodyProbe probe;
  ScriptedHandler next;  // of a snapshot that is posted too late for this exchange

  void respond(Input& input) {
    ResponseHead head;
    const unsigned how = input.byte();
    head.status = how % 4 == 0 ? std::uint16_t{304} : std::uint16_t{200};
    head.tunnel = offered && how % 4 > 1;
    std::optional<std::uint64_t> length;
    if (input.byte() % 2 == 0 && !head.tunnel) length = input.byte();
    std::ignore = responder->respond(
        std::move(head),
        std::make_unique<ScriptedBody>(bench.pool, steps_from(input), &probe, length));
  }
};

// As exchange.h lists them.
void check_invariants(const Exchange& exchange, std::size_t counted, int jobs) {
  using enum Handling;
  const Handling handling = exchange.handling();
  const Receiving in = exchange.receiving();
  const bool unwanted = in == Receiving::done || in == Receiving::stopped;
  if (handling == running) require(in != Receiving::head, "the handler runs after the head");
  if (jobs > 0) require(handling == running, "a job runs");
  if (handling == released) require(unwanted, "nobody reads");
  require((handling == held) == (counted > 0), "held ones are counted");
  if (handling == held) require(exchange.sending() == Sending::nothing);
  require(!exchange.aborted() || exchange.sending() == Sending::reset, "aborted is reset");
  if (exchange.shape() != Shape::tunnel) return;
  require(!exchange.request().protocol.empty() && exchange.head_sent(), "it was offered and taken");
  if (handling == released && !exchange.aborted()) {
    require(
        exchange.content_pulled() && (exchange.incoming().read_up() || in == Receiving::stopped),
        "a tunnel keeps its job until both sides end");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Run run;
  run.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    const Method method = context.request.method;
    const bool harmless =
        (method == Method::get || method == Method::head || method == Method::options) &&
        run.complete && run.body_bytes == 0;
    require(harmless || !run.bench.peer.security.handshaking);
    require(run.port.heads == 0);
    run.offered = !context.request.protocol.empty();
    require(!run.offered || run.bench.handler.tunnels, "who takes no tunnel is offered none");
    run.responder = &responder;
    run.body = &context.body;
    const unsigned how = input.byte() % 3;
    if (how == 0) run.respond(input);
    return how == 1 ? nullptr : std::make_unique<CountedJob>(run.jobs);
  };
  run.bench.handler.tunnels = input.byte() % 2 != 0;
  bool begun = false;
  std::uint64_t pulled = 0;
  {
    Exchange exchange(run.port, run.bench.services, run.bench.peer, HttpVersion::http2, 1000);
    // A protocol stream stops asking once it is reset; a handler once its job is gone.
    while (!input.empty() && !run.port.dead) {
      const unsigned op = input.byte() % 16;
      const bool handler_lives = run.jobs > 0;
      if (op == 0 && !begun) {
        begun = true;
        Request request = request_from(input);
        run.complete = !request.has_body && request.protocol.empty();
        exchange.begin(std::move(request));
      } else if (op == 14 && !begun) {
        run.bench.peer.security.handshaking = true;
        run.bench.limits.early_held = input.byte() % 2;
      } else if (op == 1 && !begun) {
        begun = true;
        exchange.begin_rejected(request_from(input), 400);
      } else if (!begun) {
        continue;
      } else if (op == 2) {
        exchange.advance();
      } else if (op == 3 && exchange.receiving() != Receiving::done) {
        const std::string text(input.byte(), 'b');
        run.body_bytes += text.size();
        run.complete = input.byte() % 4 == 0;
        auto taken = exchange.on_body(bytes_of(text));
        if (taken && run.complete) taken = exchange.on_end();
        if (!taken) exchange.on_peer_abort(AbortReason::protocol_error);
      } else if (op == 4 && exchange.receiving() != Receiving::done) {
        run.complete = true;
        if (!exchange.on_trailers({})) exchange.on_peer_abort(AbortReason::protocol_error);
      } else if (op == 5 && run.port.heads > 0) {
        const auto result = exchange.pull(1 + input.byte());
        if (!result) break;
        pulled += result->bytes.size();
        if (run.port.framing.kind == BodyFraming::Kind::length) {
          require(pulled <= run.port.framing.length);
        }
      } else if (op == 6) {
        exchange.on_sent(input.byte());
      } else if (op == 7) {
        exchange.on_peer_abort(AbortReason::peer_reset);
      } else if (op == 8) {
        exchange.on_closed();
        break;
      } else if (op == 9) {
        run.bench.clock.advance(std::chrono::seconds(input.byte()));
        exchange.on_deadline(run.bench.clock.now());
      } else if (op == 10 && handler_lives) {
        run.respond(input);
      } else if (op == 11 && handler_lives) {
        run.responder->abort(AbortReason::handler_failed);
      } else if (op == 12 && handler_lives) {
        std::ignore = run.body->pull(1 + input.byte());
      } else if (op == 13) {
        run.probe.release();
      } else if (op == 14) {
        run.bench.services.snapshot = make_ref<Snapshot>(run.next, ExchangeTimeouts{});
      } else if (op == 15) {
        run.bench.peer.security.handshaking = false;
      }
      require(run.bench.peer.held <= run.bench.limits.early_held);
      check_invariants(exchange, run.bench.peer.held, run.jobs);
    }
  }
  require(run.bench.observer.entries.size() == (begun ? 1U : 0U));
  require(run.port.heads <= 1);
  require(run.next.started == 0);
  require(run.jobs == 0 && run.probe.alive == 0 && run.bench.peer.held == 0);
  require(run.bench.pool.outstanding() == 0);
  return 0;
}
