#include "http/exchange/request_marks.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

#include "unit/core/http/exchange_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

using Ids = RequestMarks::Ids;

constexpr std::string_view kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string id_of(const HeaderMap& fields) {
  REQUIRE(fields.count("x-request-id") == 1);
  return std::string(*fields.get("x-request-id"));
}
std::string marked_id(std::string_view id) {
  SeededRandom random(1);
  RequestMarks marks({.ids = Ids::on}, random);
  HeaderMap fields;
  fields.add("x-request-id", id);
  marks.mark(fields);
  return id_of(fields);
}
bool is_made(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == id.npos;
}

// Notes what the log is told, and what the handler sees, of a request with these fields.
struct Told final : ExchangeObserver {
  std::string user_agent, referer, request_id, traceparent;
  Routed routed;
  void on_complete(const ExchangeSummary& summary) noexcept override {
    user_agent = summary.fields.user_agent;
    referer = summary.fields.referer;
    request_id = summary.fields.request_id;
    traceparent = summary.fields.traceparent;
    routed = summary.routed;
  }
};

HeaderMap fields_of(std::size_t agent_bytes) {
  HeaderMap fields;
  fields.add("user-agent", std::string(agent_bytes, 'u'));
  fields.add("authorization", "Basic Zm9vOmJhcg==");
  fields.add("referer", "https://a.example/");
  fields.add("traceparent", kTraceparent);
  fields.add("x-request-id", "of-the-client");
  return fields;
}

// One exchange, whose handler answers when the test does.
struct Watched {
  explicit Watched(RequestMarks* marks = nullptr) { services.marks = marks; }
  void run(HeaderMap fields = {}) {
    exchange.emplace(port, services, bench.peer, HttpVersion::http2, bench.limits.stream_window);
    bench.handler.answer = [this](RequestContext context, Responder& to) {
      *context.routed = {.site = 3, .route = 4};
      return hold(jobs, &responder, nullptr)(context, to);
    };
    Request request = Stage::get();
    request.headers = std::move(fields);
    exchange->begin(std::move(request));
    exchange->advance();
  }

  Bench bench;
  Told told;
  RecordingPort port;
  Services services{bench.pool, bench.clock, bench.limits, bench.timeouts, bench.services.snapshot,
                    told};
  int jobs = 0;
  Responder* responder = nullptr;
  std::optional<Exchange> exchange;
};

}  // namespace

TEST_CASE("X-Request-Id stays if it is one token of at most 128 bytes, else it is made anew") {
  CHECK(marked_id("Az09-_.~!") == "Az09-_.~!");
  CHECK(marked_id(std::string(128, 'a')) == std::string(128, 'a'));
  CHECK(is_made(marked_id(std::string(129, 'a'))));
  CHECK(is_made(marked_id("")));
  CHECK(is_made(marked_id("a b")));
  CHECK(is_made(marked_id("a\"b")));
  CHECK(is_made(marked_id("a\xff")));
}

TEST_CASE("Each request has an id of its own, and one of several stands for none") {
  SeededRandom random(1);
  RequestMarks marks({.ids = Ids::on}, random);
  HeaderMap first, second, twice;
  twice.add("x-request-id", "a");
  twice.add("x-request-id", "b");
  for (HeaderMap* const fields : {&first, &second, &twice}) marks.mark(*fields);
  CHECK(is_made(id_of(first)));
  CHECK(id_of(first) != id_of(second));
  CHECK(is_made(id_of(twice)));
}

TEST_CASE("Ids that nobody asks for are neither made nor checked") {
  SeededRandom random(1);
  RequestMarks marks({.user_agent = true}, random);
  HeaderMap fields;
  fields.add("traceparent", "what");
  marks.mark(fields);
  CHECK(fields.size() == 1);
  CHECK(marks.of(fields).traceparent.empty());
}

TEST_CASE("What the log wants of a request's fields is kept when they are dropped, and no more") {
  for (const std::size_t bytes : {kFieldKept - 1, kFieldKept, kFieldKept + 1}) {
    SeededRandom random(1);
    RequestMarks marks({.user_agent = true, .referer = true, .ids = Ids::on}, random);
    Watched watched(&marks);
    watched.run(fields_of(bytes));
    CHECK(watched.exchange->request().headers.get("x-request-id") == "of-the-client");
    const std::size_t before = watched.port.held.held();
    REQUIRE(watched.responder->respond({}, nullptr));
    watched.exchange->advance();
    CHECK(watched.exchange->request().headers.empty());
    CHECK(watched.port.held.held() < before);
    watched.exchange->on_closed();
    const Told& told = watched.told;
    CHECK(told.user_agent == std::string(std::min(bytes, kFieldKept), 'u'));
    CHECK(told.referer == "https://a.example/");
    CHECK(told.request_id == "of-the-client");
    CHECK(told.traceparent == kTraceparent);
    CHECK(told.routed.site == 3);
    CHECK(told.routed.route == 4);
  }
}

TEST_CASE("The log hears of the fields of a request without a response, too") {
  SeededRandom random(1);
  RequestMarks marks({.user_agent = true}, random);
  Watched watched(&marks);
  watched.run(fields_of(3));
  watched.exchange->on_peer_abort(AbortReason::peer_gone);
  watched.exchange->on_closed();
  CHECK(watched.told.user_agent == "uuu");
  CHECK(watched.told.referer.empty());
  CHECK(watched.told.request_id.empty());
}

TEST_CASE("Server-Timing says what the head of the response took, and the protocol") {
  using std::chrono::microseconds;
  CHECK(server_timing(HttpVersion::http3, microseconds(1234)) ==
        "total;dur=1.234, proto;desc=\"h3\"");
  CHECK(server_timing(HttpVersion::http2, microseconds(7)) == "total;dur=0.007, proto;desc=\"h2\"");
  CHECK(server_timing(HttpVersion::http11, microseconds(60'000'000)) ==
        "total;dur=60000.000, proto;desc=\"http/1.1\"");
  for (const bool on : {false, true}) {
    Watched watched;
    watched.services.server_timing = on;
    watched.run();
    watched.bench.clock.advance(std::chrono::milliseconds(2));
    REQUIRE(watched.responder->respond({}, nullptr));
    CHECK(watched.port.heads.at(0).headers.get("server-timing").value_or("none") ==
          (on ? "total;dur=2.000, proto;desc=\"h2\"" : "none"));
    watched.exchange->on_closed();
  }
}
