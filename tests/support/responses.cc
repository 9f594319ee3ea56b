#include "responses.h"

namespace troika::test {

ScriptedHandler::Answer with_pattern(std::uint64_t size) {
  return with_body([size](RequestContext context) {
    return std::make_unique<PatternBody>(context.services.pool, size);
  });
}

std::unique_ptr<BodySource> scripted(BufferPool& pool, std::vector<BodyStep> steps,
                                     BodyProbe* probe, std::optional<std::uint64_t> length,
                                     HeaderMap trailers) {
  return std::make_unique<ScriptedBody>(pool, std::move(steps), probe, length, std::move(trailers));
}

ScriptedHandler::Answer with_steps(std::vector<BodyStep> steps, BodyProbe* probe,
                                   std::optional<std::uint64_t> length, HeaderMap trailers) {
  return with_body([=](RequestContext context) {
    return scripted(context.services.pool, steps, probe, length, trailers);
  });
}

ScriptedHandler::Answer with_head(ResponseHead head, std::string body) {
  return [=](RequestContext context, Responder& responder) {
    std::ignore =
        responder.respond(head, body.empty() ? nullptr : body_of(context.services.pool, body));
    return nullptr;
  };
}

ScriptedHandler::Answer hold(int& jobs, Responder** responder, BodySource** body) {
  return [&jobs, responder, body](RequestContext context, Responder& its) {
    if (responder != nullptr) *responder = &its;
    if (body != nullptr) *body = &context.body;
    return std::make_unique<CountedJob>(jobs);
  };
}

namespace {

// Gives back what the request brought, as it comes.
class RelayBody final : public BodySource {
 public:
  explicit RelayBody(BodySource& from) : from_(&from) {}
  Result<Pulled> pull(std::size_t max_bytes) override { return from_->pull(max_bytes); }
  void set_waker(Waker* waker) noexcept override { from_->set_waker(waker); }
  std::optional<std::uint64_t> remaining() const noexcept override { return from_->remaining(); }
  const HeaderMap* trailers() const noexcept override { return from_->trailers(); }

 private:
  BodySource* from_;
};

}  // namespace

ScriptedHandler::Answer echo(int& jobs) {
  return [&jobs](RequestContext context, Responder& responder) -> std::unique_ptr<Job> {
    auto job = std::make_unique<CountedJob>(jobs);
    std::ignore = responder.respond({}, std::make_unique<RelayBody>(context.body));
    return job;
  };
}

ScriptedHandler::Answer echo_tunnel(int& jobs) {
  return [&jobs](RequestContext context, Responder& responder) -> std::unique_ptr<Job> {
    auto job = std::make_unique<CountedJob>(jobs);
    ResponseHead head;
    head.tunnel = true;
    std::ignore = responder.respond(head, std::make_unique<RelayBody>(context.body));
    return job;
  };
}

}  // namespace troika::test
