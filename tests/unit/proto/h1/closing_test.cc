
#include "server.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("H1-24: a client that closes its side still gets every response") {
  H1Server before, during;
  BodyProbe probe;
  before.receive(kGet + kGet);
  const H1ResponseReader two(before.end());
  CHECK(two.responses.size() == 2);
  CHECK(before.finished());

  during.bench.handler.answer = with_steps({BodyStep::blocked(), BodyStep::data("x")}, &probe);
  std::string text = during.send(kGet);
  text += during.end();
  CHECK_FALSE(during.finished());
  probe.release();
  text += during.take();
  const H1Response response = only(text);
  CHECK(response.complete);
  CHECK(during.finished());
  CHECK_FALSE(during.interest().broken);
}

TEST_CASE("an end in the middle of a request ends the connection") {
  H1Server idle, in_line, in_fields, in_body, in_discarded;
  CHECK(idle.end() == "");
  CHECK(idle.finished());
  in_line.receive("GET /");
  CHECK(in_line.end() == "");
  CHECK(in_line.finished());
  CHECK(in_line.log().empty());
  in_fields.receive("GET / HTTP/1.1\r\nHost:");
  CHECK(in_fields.end() == "");
  CHECK(in_fields.finished());
  int jobs = 0;
  in_body.bench.handler.answer = echo(jobs);
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234";
  CHECK(in_body.send(post).ends_with("1234"));
  CHECK(in_body.end() == "");
  CHECK(in_body.finished());
  CHECK(in_body.interest().broken);
  CHECK(jobs == 0);
  REQUIRE(in_body.log().size() == 1);
  CHECK(in_body.log()[0].aborted == AbortReason::peer_gone);
  CHECK(H1ResponseReader(in_discarded.send(post)).responses.size() == 1);
  CHECK(in_discarded.end() == "");
  CHECK(in_discarded.finished());
  CHECK_FALSE(in_discarded.interest().broken);
}

TEST_CASE("a drain ends an idle connection at once") {
  H1Server fresh, used;
  fresh.session().drain();
  CHECK(fresh.finished());
  CHECK(used.send(kGet) != "");
  used.session().drain();
  CHECK(used.finished());
  CHECK(used.send(kGet) == "");
}

TEST_CASE("a drain lets the request in hand finish, and says that it is the last") {
  H1Server before_head, after_head, in_head;
  before_head.receive(kGet + kGet);
  before_head.session().drain();
  const H1Response one = only(before_head.take());
  CHECK(one.closes());
  CHECK(before_head.finished());

  BodyProbe probe;
  after_head.bench.handler.answer = with_steps({BodyStep::blocked(), BodyStep::data("x")}, &probe);
  std::string text = after_head.send(kGet);
  after_head.session().drain();
  CHECK_FALSE(after_head.finished());
  probe.release();
  text += after_head.take();
  CHECK(H1ResponseReader(text).responses[0].complete);
  CHECK(after_head.finished());

  in_head.receive("GET / HTTP/1.1\r\n");
  in_head.session().drain();
  CHECK(in_head.take() == "");
  CHECK_FALSE(in_head.finished());
  const H1Response late = only(in_head.send("Host: a\r\n\r\n"));
  CHECK(late.closes());
  CHECK(in_head.finished());
}

TEST_CASE("a lost connection stops the handler's work and its body") {
  H1Server server;
  BodyProbe probe;
  int jobs = 0;
  server.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    std::vector<BodyStep> steps{BodyStep::data("a"), BodyStep::blocked()};
    (void)responder.respond({}, scripted(context.services.pool, steps, &probe));
    return std::make_unique<CountedJob>(jobs);
  };
  CHECK(server.send(kGet) != "");
  CHECK(jobs == 1);
  server.session().abort(AbortReason::peer_gone);
  CHECK(jobs == 0);
  CHECK(probe.alive == 0);
  CHECK(probe.stopped == AbortReason::peer_gone);
  REQUIRE(server.log().size() == 1);
  CHECK(server.log()[0].aborted == AbortReason::peer_gone);
  server.close();
  CHECK(server.log().size() == 1);
  CHECK(server.bench.pool.outstanding() == 0);
}

TEST_CASE("a handler that gives up after the head breaks the connection, before it gives 500") {
  H1Server after, before;
  Responder* kept = nullptr;
  int jobs = 0;
  BodyProbe probe;
  after.bench.handler.answer = [&](RequestContext context, Responder& responder) {
    kept = &responder;
    std::vector<BodyStep> steps{BodyStep::data("a"), BodyStep::blocked()};
    (void)responder.respond({}, scripted(context.services.pool, steps, &probe));
    return std::make_unique<CountedJob>(jobs);
  };
  CHECK(after.send(kGet) != "");
  kept->abort(AbortReason::handler_failed);
  CHECK(after.take() == "");
  CHECK(after.finished());
  CHECK(after.interest().broken);
  before.bench.handler.answer = hold(jobs, &kept);
  CHECK(before.send(kGet) == "");
  kept->abort(AbortReason::handler_failed);
  const H1Response response = only(before.take());
  CHECK(response.status == 500);
  CHECK_FALSE(before.finished());
}
