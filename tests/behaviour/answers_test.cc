// What a client sees is the same over every protocol: each case says what, and runs over each.
#include <catch2/catch_test_macros.hpp>

#include "behaviour/stage.h"
#include "support/reading_job.h"
#include "support/responses.h"

using namespace troika;
using namespace troika::test;

namespace {

// Runs `check` over each protocol in front of `answer`; afterwards nothing is left on either side,
// and there was one summary for each request.
void over_each(const ScriptedHandler::Answer& answer, std::size_t requests,
               const std::function<void(Stage&)>& check) {
  for (const auto& [protocol, name] : kProtocols) {
    INFO(name);
    Stage stage(protocol, answer);
    check(stage);
    CHECK(stage.close().empty());
    CHECK(stage.summaries().size() == requests);
  }
}

Ask post(std::string body, bool tells_length = true) {
  Ask ask{.method = "POST", .target = "/upload"};
  if (body.empty()) return ask;
  ask.body = [body = std::move(body), tells_length](BufferPool& pool) {
    const auto length = tells_length ? std::optional<std::uint64_t>(body.size()) : std::nullopt;
    return scripted(pool, {BodyStep::data(body)}, nullptr, length);
  };
  return ask;
}

ScriptedHandler::Answer answer_with(std::uint16_t status, std::vector<BodyStep> steps,
                                    std::optional<std::uint64_t> length, HeaderMap trailers = {}) {
  return [=](RequestContext context, Responder& responder) {
    ResponseHead head;
    head.status = status;
    head.headers.add("x-test", "yes");
    (void)responder.respond(std::move(head),
                            scripted(context.services.pool, steps, nullptr, length, trailers));
    return nullptr;
  };
}

}  // namespace

TEST_CASE("A response has the status, fields, content and trailers that the handler gave") {
  HeaderMap sum;
  sum.add("x-sum", "abc");
  const std::pair<std::string, std::string> server{"server", "troika"}, test{"x-test", "yes"};
  const auto length = [](const char* value) { return std::pair("content-length", value); };
  struct Row {
    const char* what;
    ScriptedHandler::Answer answer;
    std::string method;
    Reply reply;
  };
  const Row rows[] = {
      {"a GET", {}, "GET", {.status = 200, .fields = {length("5"), server}, .body = "hello"}},
      {"a HEAD, without content", {}, "HEAD", {.status = 200, .fields = {length("5"), server}}},
      {"a status without content",
       answer_with(204, {BodyStep::data("dropped")}, 7),
       "GET",
       {.status = 204, .fields = {server, test}}},
      {"another one",
       answer_with(304, {BodyStep::data("dropped")}, 7),
       "GET",
       {.status = 304, .fields = {server, test}}},
      {"an empty body",
       answer_with(200, {}, 0),
       "GET",
       {.status = 200, .fields = {length("0"), server, test}}},
      {"a body of unknown length",
       answer_with(200, {BodyStep::data("one "), BodyStep::data("two")}, std::nullopt, sum),
       "GET",
       {.status = 200,
        .fields = {server, test},
        .trailers = {{"x-sum", "abc"}},
        .body = "one two"}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    over_each(row.answer, 1,
              [&](Stage& stage) { CHECK(stage.ask(Ask{.method = row.method}) == row.reply); });
  }
}

TEST_CASE("A request body reaches the handler, with and without a length") {
  for (const bool tells_length : {true, false}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300000}}) {
      over_each(echo_when_whole, 1, [&](Stage& stage) {
        const Reply reply = stage.ask(post(pattern(size), tells_length));
        CHECK(reply.status == 200);
        CHECK(reply.body == pattern(size));
      });
    }
  }
}

TEST_CASE("100 Continue comes when the body is read, and once") {
  over_each(echo_when_whole, 1, [](Stage& stage) {
    // A client that waits is not needed to see the 100: the body is late by a turn.
    Ask ask = post("late");
    ask.fields = {{"expect", "100-continue"}};
    const Reply reply = stage.ask(ask);
    CHECK(reply.body == "late");
    CHECK(reply.informational <= 1);
  });
}

TEST_CASE("An upload that is refused is answered, and the connection or the next one goes on") {
  over_each(answer_with(403, {BodyStep::data("no")}, 2), 6, [](Stage& stage) {
    for (int i = 0; i < 3; ++i) {
      const Reply refused = stage.ask(post(pattern(1U << 20U)));
      CHECK(refused.status == 403);
      CHECK(refused.body == "no");
      CHECK(stage.ask(Ask{}).status == 403);
    }
  });
}

TEST_CASE("A handler that fails before it answers gives 500") {
  const auto answer = [](RequestContext, Responder& responder) {
    responder.abort(AbortReason::handler_failed);
    return nullptr;
  };
  over_each(answer, 1, [](Stage& stage) {
    const Reply reply = stage.ask(Ask{});
    CHECK(reply.status == 500);
    CHECK(!reply.failed);
  });
}

TEST_CASE("A body that fails in the middle never looks whole") {
  for (const std::optional<std::uint64_t> length :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(10)}) {
    over_each(answer_with(200, {BodyStep::data("part"), BodyStep::error()}, length), 1,
              [](Stage& stage) { CHECK(stage.ask(Ask{}).failed); });
  }
}

TEST_CASE("One of ten bodies fails in the middle and the other nine arrive whole") {
  const auto answer = with_body([](RequestContext context) {
    const bool fails = context.request.target.path == "/5";
    return scripted(context.services.pool, {BodyStep::data(pattern(100000)),
                                            fails ? BodyStep::error() : BodyStep::data("end")});
  });
  over_each(answer, 10, [](Stage& stage) {
    std::vector<Ask> asks;
    for (int i = 0; i < 10; ++i) asks.push_back(Ask{.target = "/" + std::to_string(i)});
    const std::vector<Reply> replies = stage.ask(asks);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      CHECK(replies[i].failed == (i == 5));
      if (i != 5) CHECK(replies[i].body == pattern(100000) + "end");
    }
  });
}

// tools/parity/tables has the targets and methods that are refused.
TEST_CASE(
    "A target or header section that is too large is refused, and one that just fits is not") {
  struct Row {
    Ask ask;
    std::uint16_t status;
  };
  const Row rows[] = {
      {{.target = "/" + std::string(8192, 'a')}, 414},
      {{.target = "/" + std::string(8191, 'a')}, 200},
      {{.fields = Fields(101, {"x", "y"})}, 431},
      {{.fields = {{"x", std::string(33000, 'y')}}}, 431},
  };
  for (const Row& row : rows) {
    INFO(row.ask.target.size() << " bytes, " << row.ask.fields.size() << " fields");
    over_each({}, 1, [&](Stage& stage) { CHECK(stage.ask(row.ask).status == row.status); });
  }
}
