// Any order of what a protocol stream and a user may do to a Call. Whatever comes: its three axes
// keep to what holds between them, the user hears one head and one failure at most and nothing
// after a failure, no byte goes beyond a declared length, and nothing is left at the end.
#include <cstddef>
#include <cstdint>

#include "fuzz/bodies.h"
#include "fuzz/cases.h"
#include "http/exchange/call.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;
using fuzz::Input, fuzz::require, fuzz::steps_from;

namespace {

struct Port final : StreamPort {
  bool dead = false;  // reset: the stream asks for nothing more
  void send_informational(const ResponseHead&) override { require(false, "a call sends no 1xx"); }
  void send_head(ResponseHead&&, BodyFraming) override { require(false, "nor a response"); }
  void mark_dirty() noexcept override {}
  void body_ready() noexcept override {}
  void credit(std::size_t) noexcept override {}
  void stop_receiving(AbortReason) noexcept override {}
  void reset(AbortReason) noexcept override { dead = true; }
  Account& account() noexcept override { return held; }
  Account held;
};

struct User final : Receiver {
  int heads = 0, failures = 0;
  bool gone = false;
  bool replayable = false;
  void on_informational(const ResponseHead& head) override {
    require(!gone && heads == 0 && failures == 0);
    require(head.status < 200);
  }
  void on_head(ResponseHead head) override {
    require(!gone && ++heads == 1 && failures == 0);
    require(head.status >= 200);
  }
  void on_failed(const Failure& failure) override {
    require(!gone && ++failures == 1);
    require((failure.step == CallStep::receive) == (heads == 1));
    replayable = failure.replayable;
  }
};

std::unique_ptr<BodySource> body_from(BufferPool& pool, Input& input, BodyProbe& probe) {
  if (input.byte() % 2 == 0) return nullptr;
  std::vector<BodyStep> steps = steps_from(input);
  std::optional<std::uint64_t> length;
  if (input.byte() % 2 == 0) length = input.byte();
  return std::make_unique<ScriptedBody>(pool, std::move(steps), &probe, length);
}

// As call.h lists them.
void check_invariants(const Call& call) {
  const bool in = call.receiving() == Receiving::done || call.receiving() == Receiving::stopped;
  const bool out = call.sending() == Sending::done || call.sending() == Sending::reset;
  if (call.aborted()) require(in && out, "an aborted call is over");
  if (call.knowing() == Knowing::closed || call.over()) require(in, "a closed one has no more");
  if (call.over()) require(call.deadline() == kNever);
  const Request& asked = call.request();
  if (call.shape() == Shape::tunnel) {
    require(!asked.protocol.empty() || asked.method == Method::connect, "it was asked for");
    require(call.receiving() != Receiving::head, "and taken");
  } else if (!asked.protocol.empty() && !out) {
    require(call.sending() == Sending::head, "its bytes wait");
  }
  require(call.sending() != Sending::nothing, "a call begins with its head");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  BufferPool pool;
  SimClock clock;
  Limits limits;
  SeededRandom random{1};
  const CallServices services{pool, clock, limits, random};
  Port port;
  User user;
  BodyProbe probe;
  {
    Request request = make_request("/", static_cast<Method>(input.byte() % 10));
    const unsigned shape = input.byte();
    request.expects_continue = shape % 2 == 0;
    if ((shape & 2U) != 0) request.protocol = "websocket";
    Call call(port, services, static_cast<HttpVersion>(2 + input.byte() % 2), 1000,
              std::move(request), body_from(pool, input, probe), user, {});
    CallHandle handle(&call);
    const BodyFraming framing = call.framing();
    const bool asks_for_tunnel = !call.request().protocol.empty();
    std::uint64_t pulled = 0;
    bool ended = false;  // the peer's side
    bool written = false;
    // A protocol stream brings nothing after the end, or once it is reset.
    while (!input.empty()) {
      const unsigned op = input.byte() % 16;
      const bool open = !port.dead && !call.over() && call.knowing() != Knowing::closed;
      const bool head = call.receiving() == Receiving::head;
      if (op < 3 && open && !ended && head) {
        constexpr std::array<const char*, 6> kStatus{"100", "103", "200", "204", "404", "99"};
        call.on_field(":status", kStatus[input.byte() % 6]);
        if (op == 1) call.on_field("content-length", std::to_string(input.byte()));
        ended = input.byte() % 4 == 0;
        require(call.on_head_end(ended).has_value());
      } else if (op == 3 && open && !ended && !head) {
        const std::string text(input.byte(), 'b');
        if (!call.on_body(bytes_of(text))) {
          call.on_peer_abort(AbortReason::protocol_error);
          port.dead = true;
        }
      } else if (op == 4 && open && !ended && !head) {
        ended = true;
        call.on_field("x-trailer", "1");
        if (!call.on_end()) call.on_peer_abort(AbortReason::protocol_error);
      } else if (op == 5 && open && !call.content_pulled()) {
        const auto result = call.pull(1 + input.byte());
        if (!result) port.dead = true;
        if (result) pulled += result->bytes.size();
        if (framing.kind == BodyFraming::Kind::length) require(pulled <= framing.length);
        if (asks_for_tunnel && call.shape() == Shape::message) {
          require(pulled == 0, "a tunnel that is not taken carries nothing");
        }
      } else if (op == 6 && open && call.content_pulled()) {
        call.on_end_framed();
      } else if (op == 7) {
        call.on_sent(input.byte());
      } else if (op == 8 && open) {
        call.on_head_written();
        written = true;
      } else if (op == 9) {
        const bool refused = input.byte() % 2 == 0;
        const int before = user.failures;
        call.on_peer_reset(refused ? AbortReason::refused : AbortReason::peer_reset, 0);
        port.dead = true;
        if (user.failures > before) require(user.replayable == (refused || !written));
      } else if (op == 10) {
        call.on_peer_stop(input.byte() % 2 == 0 ? AbortReason::none : AbortReason::peer_reset, 0);
      } else if (op == 11) {
        call.on_closed();
        port.dead = true;
      } else if (op == 12) {
        clock.advance(std::chrono::seconds(input.byte()));
        call.on_deadline(clock.now());
      } else if (op == 13 && handle != nullptr) {
        if (user.heads == 1) std::ignore = call.body().pull(1 + input.byte());
      } else if (op == 14) {
        probe.release();
      } else if (op == 15 && handle != nullptr) {
        if (input.byte() % 2 == 0) {
          const bool whole = call.receiving() == Receiving::done;
          call.body().stop(AbortReason::body_stopped);
          user.gone = user.gone || !whole;
        } else {
          user.gone = true;
          handle.reset();
        }
      }
      if (open) call.advance();
      check_invariants(call);
    }
    user.gone = user.gone || handle != nullptr;
    handle.reset();
    call.on_closed();
    require(call.over());
  }
  require(probe.alive == 0 && pool.outstanding() == 0);
  return 0;
}
