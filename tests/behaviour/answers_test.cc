// What a client sees is the same over every protocol: each case says what, and runs on every stage.
#include <catch2/catch_test_macros.hpp>

#include "behaviour/stage.h"

using namespace troika;
using namespace troika::test;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Runs `check` on each stage in front of `answer`; afterwards nothing is left on either side, and
// there was one summary for each request.
void on_every_stage(const ScriptedHandler::Answer& answer, std::size_t requests,
                    const std::function<void(Stage&)>& check) {
  for (const StageKind kind : all_stages()) {
    DYNAMIC_SECTION(name_of(kind)) {
      const auto stage = make_stage(kind, answer);
      check(*stage);
      CHECK(stage->close().empty());
      CHECK(stage->summaries().size() == requests);
    }
  }
}

Ask post(std::string body, bool tells_length = true) {
  Ask ask{.method = "POST", .target = "/upload"};
  ask.body = [body = std::move(body), tells_length](BufferPool& pool) {
    return std::make_unique<ScriptedBody>(
        pool, std::vector{BodyStep::data(body)}, nullptr,
        tells_length ? std::optional<std::uint64_t>(body.size()) : std::nullopt);
  };
  return ask;
}

// Answers with what the request body holds, once all of it is there.
class EchoJob final : public Job, private Waker {
 public:
  EchoJob(RequestContext context, Responder& responder)
      : body_(context.body), pool_(context.services.pool), responder_(responder) {
    body_.set_waker(this);
    read();
  }
  EchoJob(const EchoJob&) = delete;
  EchoJob& operator=(const EchoJob&) = delete;

 private:
  void wake() noexcept override { read(); }
  void read() {
    const ReadState state = read_body(body_, text_);
    if (state == ReadState::error) return responder_.abort(AbortReason::handler_failed);
    if (state == ReadState::blocked) return;
    ResponseHead head;
    if (const HeaderMap* trailers = body_.trailers()) {
      head.headers.add("x-trailers", std::to_string(trailers->size()));
    }
    std::vector<BodyStep> steps;
    const std::uint64_t size = text_.size();
    if (size > 0) steps.push_back(BodyStep::data(std::move(text_)));
    (void)responder_.respond(
        std::move(head), std::make_unique<ScriptedBody>(pool_, std::move(steps), nullptr, size));
  }

  BodySource& body_;
  BufferPool& pool_;
  Responder& responder_;
  std::string text_;
};

std::unique_ptr<Job> echo(RequestContext context, Responder& responder) {
  return std::make_unique<EchoJob>(context, responder);
}

ScriptedHandler::Answer answer_with(std::uint16_t status, std::vector<BodyStep> steps,
                                    std::optional<std::uint64_t> length, HeaderMap trailers = {}) {
  return [=](RequestContext context, Responder& responder) {
    ResponseHead head;
    head.status = status;
    head.headers.add("x-test", "yes");
    (void)responder.respond(
        std::move(head),
        std::make_unique<ScriptedBody>(context.services.pool, steps, nullptr, length, trailers));
    return nullptr;
  };
}

}  // namespace

TEST_CASE("A GET is answered with status, fields and body") {
  on_every_stage({}, 1, [](Stage& stage) {
    const Reply reply = stage.ask(Ask{});
    CHECK(reply == Reply{.status = 200,
                         .fields = {{"content-length", "5"}, {"server", "troika"}},
                         .body = "hello"});
  });
}

TEST_CASE("HEAD has the fields of GET and no body") {
  on_every_stage({}, 1, [](Stage& stage) {
    const Reply reply = stage.ask(Ask{.method = "HEAD"});
    CHECK(reply == Reply{.status = 200, .fields = {{"content-length", "5"}, {"server", "troika"}}});
  });
}

TEST_CASE("Statuses without content have none") {
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{204, 304}) {
    on_every_stage(answer_with(status, {BodyStep::data("dropped")}, 7), 1, [&](Stage& stage) {
      const Reply reply = stage.ask(Ask{});
      CHECK(reply == Reply{.status = status, .fields = {{"server", "troika"}, {"x-test", "yes"}}});
    });
  }
}

TEST_CASE("An empty body is an empty body") {
  on_every_stage(answer_with(200, {}, 0), 1, [](Stage& stage) {
    CHECK(stage.ask(Ask{}).fields ==
          Fields{{"content-length", "0"}, {"server", "troika"}, {"x-test", "yes"}});
  });
}

TEST_CASE("A body of unknown length arrives whole, with its trailers") {
  HeaderMap trailers;
  trailers.add("x-sum", "abc");
  on_every_stage(
      answer_with(200, {BodyStep::data("one "), BodyStep::data("two")}, std::nullopt, trailers), 1,
      [](Stage& stage) {
        const Reply reply = stage.ask(Ask{});
        CHECK(reply == Reply{.status = 200,
                             .fields = {{"server", "troika"}, {"x-test", "yes"}},
                             .trailers = {{"x-sum", "abc"}},
                             .body = "one two"});
      });
}

TEST_CASE("A large body arrives bit-identical") {
  static constexpr std::size_t kSize = 3U << 20U;
  const auto answer = [](RequestContext context, Responder& responder) {
    (void)responder.respond({}, std::make_unique<PatternBody>(context.services.pool, kSize));
    return nullptr;
  };
  on_every_stage(answer, 1, [&](Stage& stage) {
    const Reply reply = stage.ask(Ask{});
    CHECK(reply.body.size() == kSize);
    CHECK(reply.body == pattern(kSize));
  });
}

TEST_CASE("A request body reaches the handler, with and without a length") {
  for (const bool tells_length : {true, false}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300000}}) {
      if (size == 0 && !tells_length) continue;
      on_every_stage(echo, 1, [&](Stage& stage) {
        Ask ask = post(pattern(size), tells_length);
        if (size == 0) ask.body = nullptr;
        const Reply reply = stage.ask(ask);
        CHECK(reply.status == 200);
        CHECK(reply.body == pattern(size));
      });
    }
  }
}

TEST_CASE("100 Continue comes when the body is read, and once") {
  on_every_stage(echo, 1, [](Stage& stage) {
    Ask ask{.method = "POST", .fields = {{"expect", "100-continue"}}};
    // A client that waits is not needed to see the 100: the body is late by a turn.
    ask.body = [](BufferPool& pool) {
      return std::make_unique<ScriptedBody>(pool, std::vector{BodyStep::data("late")}, nullptr, 4);
    };
    const Reply reply = stage.ask(ask);
    CHECK(reply.body == "late");
    CHECK(reply.informational <= 1);
  });
}

TEST_CASE("An expectation that is not known is 417") {
  on_every_stage(echo, 1, [](Stage& stage) {
    CHECK(stage.ask(Ask{.fields = {{"expect", "tea"}}}).status == 417);
  });
}

TEST_CASE("An upload that is refused is answered, and the connection or the next one goes on") {
  on_every_stage(answer_with(403, {BodyStep::data("no")}, 2), 6, [](Stage& stage) {
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
  on_every_stage(answer, 1, [](Stage& stage) {
    const Reply reply = stage.ask(Ask{});
    CHECK(reply.status == 500);
    CHECK(!reply.failed);
  });
}

TEST_CASE("A body that fails in the middle never looks whole") {
  for (const std::optional<std::uint64_t> length :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(10)}) {
    on_every_stage(answer_with(200, {BodyStep::data("part"), BodyStep::error()}, length), 1,
                   [](Stage& stage) {
                     const Reply reply = stage.ask(Ask{});
                     CHECK(reply.failed);
                   });
  }
}

TEST_CASE("One of ten bodies fails in the middle and the other nine arrive whole") {
  const auto answer = [](RequestContext context, Responder& responder) {
    std::vector<BodyStep> steps{BodyStep::data(pattern(100000))};
    steps.push_back(context.request.target.path == "/5" ? BodyStep::error()
                                                        : BodyStep::data("end"));
    (void)responder.respond({}, std::make_unique<ScriptedBody>(context.services.pool, steps));
    return nullptr;
  };
  on_every_stage(answer, 10, [](Stage& stage) {
    std::vector<Ask> asks;
    for (int i = 0; i < 10; ++i) asks.push_back(Ask{.target = "/" + std::to_string(i)});
    const std::vector<Reply> replies = stage.ask(asks);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      CHECK(replies[i].failed == (i == 5));
      if (i != 5) CHECK(replies[i].body == pattern(100000) + "end");
    }
  });
}

TEST_CASE("A request that breaks a rule is rejected alike") {
  struct Row {
    Ask ask;
    std::uint16_t status;
  };
  const Row rows[] = {
      {{.target = "/%zz"}, 400},
      {{.target = "/../etc/passwd"}, 400},
      {{.target = "/a%2fb"}, 400},
      {{.target = "/" + std::string(8192, 'a')}, 414},
      {{.target = "/" + std::string(8191, 'a')}, 200},
      {{.method = "BREW"}, 501},
      {{.fields = Fields(101, {"x", "y"})}, 431},
      {{.fields = {{"x", std::string(33000, 'y')}}}, 431},
  };
  for (const Row& row : rows) {
    INFO(row.ask.method << ' ' << row.ask.target.substr(0, 40));
    on_every_stage({}, 1, [&](Stage& stage) { CHECK(stage.ask(row.ask).status == row.status); });
  }
}
