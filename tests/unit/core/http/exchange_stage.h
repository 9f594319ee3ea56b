#pragma once
// One exchange between a port that records and a scripted handler.
#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "http/exchange/exchange.h"
#include "support/responses.h"

namespace troika::test {

class RecordingPort final : public StreamPort {
 public:
  std::vector<ResponseHead> informational;
  std::vector<ResponseHead> heads;
  BodyFraming framing;
  int ready = 0;
  std::size_t credited = 0;
  std::optional<AbortReason> stopped, aborted;

  void send_informational(const ResponseHead& head) override { informational.push_back(head); }
  void send_head(ResponseHead&& head, BodyFraming f) override {
    heads.push_back(head);
    framing = f;
  }
  void mark_dirty() noexcept override {}
  void body_ready() noexcept override { ++ready; }
  void credit(std::size_t n) noexcept override { credited += n; }
  void stop_receiving(AbortReason reason) noexcept override { stopped = reason; }
  void reset(AbortReason reason) noexcept override { aborted = reason; }
  Account& account() noexcept override { return held; }
  Account held;
};

// One exchange in front of a scripted handler; checks at its end that nothing is left.
struct Stage {
  Bench bench;
  RecordingPort port;
  std::optional<Exchange> exchange;
  int jobs = 0;
  // Of answer_later(): the exchange's own, for the test.
  BodySource* request_body = nullptr;
  Responder* responder = nullptr;

  Stage() {
    exchange.emplace(port, bench.services, bench.peer, HttpVersion::http2,
                     bench.limits.stream_window);
  }
  // The handler has the request, and has not answered.
  explicit Stage(Request request) : Stage() {
    answer_later();
    run(std::move(request));
  }
  ~Stage() {
    exchange.reset();
    CHECK(bench.pool.outstanding() == 0);
    CHECK(port.held.held() == 0);
    CHECK(jobs == 0);
  }

  static Request get() {
    Request request;
    request.method_text = "GET";
    request.target.raw = request.target.path = "/";
    return request;
  }
  static Request post(std::optional<std::uint64_t> length, bool expects_continue = false) {
    Request request = get();
    request.method = Method::post;
    request.method_text = "POST";
    request.has_body = true;
    request.content_length = length;
    request.expects_continue = expects_continue;
    return request;
  }
  void answer_later() { bench.handler.answer = hold(jobs, &responder, &request_body); }
  void run(Request request) {
    exchange->begin(std::move(request));
    exchange->advance();
  }
  void run_with(ScriptedHandler::Answer answer) {
    bench.handler.answer = std::move(answer);
    run(get());
  }
  Status receive(std::string_view text, bool end = false) {
    if (auto taken = exchange->on_body(bytes_of(text)); !taken || !end) return taken;
    return exchange->on_end();
  }
  std::string pull_all() {
    std::string text;
    for (;;) {
      auto pulled = exchange->pull(kMaxPull);
      if (!pulled || pulled->state != PullState::data) return text;
      text += text_of(pulled->bytes.bytes());
      exchange->on_sent(pulled->bytes.size());
    }
  }
};

}  // namespace troika::test
